; A second state is saved over the first one.
; rejected EINVAL: expected uninitialized irq flag as arg#0
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_save
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_save
    r0 = 0
    exit
