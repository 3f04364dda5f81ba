; A kfunc that may sleep is called with interrupts disabled.
; type: syscall
; sleepable
; rejected EACCES: kernel func bpf_iter_kmem_cache_new is sleepable within IRQ-disabled region
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_save
    r1 = r10
    r1 += -16
    kcall bpf_iter_kmem_cache_new
    r0 = 0
    exit
