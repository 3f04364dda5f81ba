; Bytes behind a dynptr are set.
; type: sched_cls
; accepted
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 4
    r4 = 7
    kcall bpf_dynptr_memset
    r0 = 0
    exit
