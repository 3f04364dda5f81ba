; A loop whose number of rounds is known is walked round by round.
; accepted
; insns: 203
    r0 = 0
loop: r0 += 1
    if r0 < 100 goto loop
    r0 = 0
    exit
