; Interrupts are restored in the reverse order.
; accepted
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_save
    r1 = r10
    r1 += -16
    kcall bpf_local_irq_save
    r1 = r10
    r1 += -16
    kcall bpf_local_irq_restore
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_restore
    r0 = 0
    exit
