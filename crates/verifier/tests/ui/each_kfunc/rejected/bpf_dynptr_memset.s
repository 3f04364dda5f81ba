; Bytes behind a dynptr are set to a pointer.
; type: sched_cls
; rejected EINVAL: R4 is not a scalar
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 4
    r4 = r10
    kcall bpf_dynptr_memset
    r0 = 0
    exit
