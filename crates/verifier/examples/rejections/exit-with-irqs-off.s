; The program ends with interrupts disabled.
; rejected EINVAL: BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_save
    r0 = 0
    exit
