; A number from before a call of a function that makes a tail call becomes an offset afterwards: the walk back goes
; through the function, on either way out of it.
; map jumps: prog_array 4 4 8
; accepted
; insns: 41
    *(u64 *)(r10 -8) = 0
    *(u64 *)(r10 -16) = 0
    r7 = -8
    r6 = r1
    call 7
    if r0 > 5 goto a
    r7 = -16
a:  r1 = r6
    call f
    r2 = r10
    r2 += r7
    r0 = *(u8 *)(r2 +0)
    r0 = 0
    exit
f:  r2 = map[fd:0]
    r3 = 0
    call 12
    r0 = 1
    exit
