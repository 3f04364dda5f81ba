; Copying from user space may wait for a page, and no interrupt could tell of it.
; type: syscall
; sleepable
; rejected EACCES: kernel func bpf_copy_from_user_str is sleepable within IRQ-disabled region
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_save
    r1 = r10
    r1 += -16
    r2 = 8
    r3 = 0
    r4 = 0
    kcall bpf_copy_from_user_str
    r0 = 0
    exit
