; Bytes behind one dynptr are copied to behind another.
; type: sched_cls
; accepted
    r6 = r1
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r6
    r2 = 0
    r3 = r10
    r3 += -32
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = r10
    r3 += -32
    r4 = 0
    r5 = 4
    kcall bpf_dynptr_copy
    r0 = 0
    exit
