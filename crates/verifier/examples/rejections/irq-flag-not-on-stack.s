; The context is passed as the place for the interrupt state.
; rejected EINVAL: arg#0 doesn't point to an irq flag on stack
    kcall bpf_local_irq_save
    r0 = 0
    exit
