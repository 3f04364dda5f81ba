; The size of the slice is only known when the program runs.
; rejected EINVAL: R4 must be a known constant
    r6 = r1
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r4 = *(u32 *)(r6 +0)
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 0
    kcall bpf_dynptr_slice
    r0 = 0
    exit
