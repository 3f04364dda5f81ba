; A loop that only may_goto ends: what changes in it is forgotten, so a round meets one before.
; accepted
; insns: 15
    r0 = 0
    r1 = 0
loop: may_goto out
    r1 += 1
    goto loop
out: exit
