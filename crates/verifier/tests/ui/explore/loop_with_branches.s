; Every round of a loop branches on something unknown; the sides meet before the next round.
; accepted
; insns: 832
    r6 = 0
loop: call 7
    r8 = 1
    if r0 > 5 goto a
    r8 = 2
a:  r7 = 1
    if r0 > 9 goto b
    r7 = 2
b:  r1 = 1
    r6 += 1
    if r6 < 20 goto loop
    r0 = 0
    exit
