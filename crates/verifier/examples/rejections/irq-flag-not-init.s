; Interrupts are restored, and were not disabled before.
; rejected EINVAL: expected an initialized irq flag as arg#0
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_restore
    r0 = 0
    exit
