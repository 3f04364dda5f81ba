; A sum of low halves is refined when what it was computed from is checked: it wraps at 32 bits.
; accepted
; insns: 12
    call 7
    w6 = w0
    r7 = r6
    w7 += 1
    r8 = 0xffffffff ll
    if r6 < r8 goto out
    r7 >>= 32
    if r7 == 0 goto out
    r0 = *(u64 *)(r10 -700)
out: r0 = 0
    exit
