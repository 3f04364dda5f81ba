; A dynptr is asked what it is.
; type: sched_cls
; accepted
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    kcall bpf_dynptr_is_rdonly
    r0 = 0
    exit
