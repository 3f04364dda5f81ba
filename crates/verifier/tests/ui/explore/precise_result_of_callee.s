; A function's result becomes an offset: the walk back goes through the function.
; accepted
; insns: 19
    *(u64 *)(r10 -8) = 0
    *(u64 *)(r10 -16) = 0
    call 7
    r6 = r0
    r1 = r6
    call pick
    r2 = r10
    r2 += r0
    r0 = *(u64 *)(r2 +0)
    exit
pick: r0 = -8
    if r1 > 3 goto out
    r0 = -16
out: exit
