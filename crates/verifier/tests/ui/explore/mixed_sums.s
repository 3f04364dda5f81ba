; A sum of low halves and a sum of whole registers do not refine each other.
; rejected EACCES: misaligned stack access off 0+0+-700 size 8
; insns: 9
    call 7
    w6 = w0
    r7 = r6
    r8 = r6
    w7 += 1
    r8 += 2
    if r7 > 5 goto out
    if r8 < 7 goto out
    r0 = *(u64 *)(r10 -700)
out: r0 = 0
    exit
