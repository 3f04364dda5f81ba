; Nothing changes from one round to the next.
; rejected EINVAL: old state: R0=P0 R1=ctx() R10=fp0
; insns: 10
    r0 = 0
loop: if r0 == 1 goto out
    goto loop
out: exit
