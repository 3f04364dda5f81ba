; A callback that counts without end: the second round meets the first.
; accepted
; insns: 23
    *(u64 *)(r10 -8) = 0
    r1 = 1000
    r2 = subprog[round]
    r3 = r10
    r3 += -8
    r4 = 0
    call 181
    r0 = 0
    exit
round: r1 = *(u64 *)(r2 +0)
    r1 += 1
    *(u64 *)(r2 +0) = r1
    r0 = 0
    exit
