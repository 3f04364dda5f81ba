; User memory is copied while interrupts are disabled.
; type: syscall
; sleepable
; rejected EINVAL: sleepable helper bpf_copy_from_user#148 in IRQ-disabled region
    r1 = r10
    r1 += -16
    kcall bpf_local_irq_save
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call bpf_copy_from_user#148
    r1 = r10
    r1 += -16
    kcall bpf_local_irq_restore
    r0 = 0
    exit
