; A function that makes a tail call comes back to its caller only where the call fails.
; map jumps: prog_array 4 4 8
; accepted
; insns: 20
    r6 = r1
    r7 = 1
    call f
    r7 = r0
    r2 = r10
    *(u64 *)(r10 -8) = 0
    *(u64 *)(r10 -16) = 0
    r0 = 0
    exit
f:  r2 = map[fd:0]
    r3 = 0
    call 12
    r0 = 1
    exit
