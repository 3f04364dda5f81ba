; A check of a difference refines what it was computed from.
; accepted
; insns: 11
    call 7
    r6 = r0
    r7 = r6
    r7 -= 4
    if r7 s< 0 goto out
    if r7 s> 100 goto out
    if r6 != 0 goto out
    r0 = *(u64 *)(r10 -700)
out: r0 = 0
    exit
