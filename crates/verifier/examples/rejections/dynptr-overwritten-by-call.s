; A call that reads from a dynptr is to write to where the dynptr lies.
; type: sched_cls
; rejected EACCES: potential write to dynptr at off=-16 disallowed
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 16
    r3 = r10
    r3 += -16
    r4 = 0
    r5 = 0
    call bpf_dynptr_read#201
    r0 = 0
    exit
