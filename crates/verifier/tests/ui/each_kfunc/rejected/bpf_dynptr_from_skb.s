; A dynptr of a packet is made of a number.
; type: sched_cls
; rejected EACCES: Possibly NULL pointer passed to trusted arg0
    r1 = 0
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r0 = 0
    exit
