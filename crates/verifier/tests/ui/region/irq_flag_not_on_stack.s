; The flag is not on the stack.
; rejected EINVAL: arg#0 doesn't point to an irq flag on stack
    kcall bpf_local_irq_save
    r0 = 0
    exit
