; What a function returns after a tail call that fails becomes an offset.
; map jumps: prog_array 4 4 8
; rejected EINVAL: math between fp pointer and register with unbounded min value is not allowed
; insns: 9
    *(u64 *)(r10 -8) = 0
    *(u64 *)(r10 -16) = 0
    call f
    r2 = r10
    r2 += -16
    r2 += r0
    r0 = *(u8 *)(r2 +0)
    exit
f:  r2 = map[fd:0]
    r3 = 0
    call 12
    r0 = 1
    exit
