; A dynptr is passed from its middle.
; rejected EINVAL: Expected an initialized dynptr as arg #0
    r6 = r1
    r1 = r6
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -8
    kcall bpf_dynptr_size
    r0 = 0
    exit
