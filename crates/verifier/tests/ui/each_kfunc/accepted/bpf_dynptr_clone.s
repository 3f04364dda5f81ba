; A dynptr is cloned, and the clone asked.
; type: sched_cls
; accepted
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = r10
    r2 += -32
    kcall bpf_dynptr_clone
    r1 = r10
    r1 += -32
    kcall bpf_dynptr_size
    r0 = 0
    exit
