; A dynptr is cloned to where it lies by half.
; type: sched_cls
; rejected EINVAL: Dynptr has to be an uninitialized dynptr
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = r10
    r2 += -20
    kcall bpf_dynptr_clone
    r0 = 0
    exit
