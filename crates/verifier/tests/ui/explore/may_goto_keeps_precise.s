; A number that may_goto's loop changes becomes an offset afterwards, so no round covers a later one.
; rejected EACCES: invalid write to stack R2 off=-520 size=8
; insns: 517
    r6 = 0
loop: may_goto out
    r6 += -8
    goto loop
out: r2 = r10
    r2 += r6
    *(u64 *)(r2 -8) = 0
    r0 = 0
    exit
