; A dynptr of the packet is made.
; type: sched_cls
; accepted
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r0 = 0
    exit
