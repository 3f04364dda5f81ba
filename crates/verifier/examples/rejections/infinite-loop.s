; A loop changes nothing from one round to the next.
; rejected EINVAL: old state: R0=0 R1=ctx() R10=fp0
    r0 = 0
again:
    r0 = 0
    if r0 == 0 goto again
    exit
