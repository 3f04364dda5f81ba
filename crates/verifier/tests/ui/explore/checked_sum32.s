; A check of a sum of low halves refines what it was computed from, which has no high half.
; accepted
; insns: 10
    call 7
    w6 = w0
    r7 = r6
    w7 += 1
    if w7 != 0 goto out
    r6 >>= 32
    if r6 == 0 goto out
    r0 = *(u64 *)(r10 -700)
out: r0 = 0
    exit
