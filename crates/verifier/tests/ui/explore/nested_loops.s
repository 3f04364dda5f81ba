; A loop within a loop, of known rounds.
; accepted
; insns: 233
    r6 = 0
outer: r7 = 0
inner: r7 += 1
    if r7 < 10 goto inner
    r6 += 1
    if r6 < 10 goto outer
    r0 = 0
    exit
