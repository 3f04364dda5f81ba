; The first rounds of a callback are fine, a later one leaves the stack.
; rejected EACCES: invalid write to stack R3 off=-520 size=8
; insns: 717
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
    r3 = r10
    r3 += r1
    *(u64 *)(r3 -8) = 0
    r1 += -8
    *(u64 *)(r2 +0) = r1
    r0 = 0
    exit
