; A kfunc that may sleep is called within an RCU section.
; type: syscall
; sleepable
; rejected EACCES: kernel func bpf_iter_kmem_cache_new is sleepable within rcu_read_lock region
    kcall bpf_rcu_read_lock
    r1 = r10
    r1 += -8
    kcall bpf_iter_kmem_cache_new
    r0 = 0
    exit
