; A check of one copy bounds the other, which becomes an offset; without the link the read would be out of bounds.
; accepted
; insns: 15
    *(u64 *)(r10 -8) = 0
    call 7
    r6 = r0
    r7 = r6
    if r6 > 7 goto out
    r1 = 0
    r1 = 1
    r1 = 2
    r2 = r10
    r2 += -8
    r2 += r7
    r0 = *(u8 *)(r2 +0)
out: r0 = 0
    exit
