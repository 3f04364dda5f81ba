; The bounds of a dynptr are moved.
; type: sched_cls
; accepted
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 1
    r3 = 4
    kcall bpf_dynptr_adjust
    r0 = 0
    exit
