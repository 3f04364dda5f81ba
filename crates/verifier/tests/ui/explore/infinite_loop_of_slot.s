; The slot that the loop counts in has the same value in every round.
; rejected EINVAL: old state: R0=0 R1=ctx() R10=fp0 fp-8=0
; insns: 13
    r0 = 0
    *(u64 *)(r10 -8) = 0
loop: r0 = 0
    *(u64 *)(r10 -8) = r0
    if r1 != 1 goto loop
    exit
