; A kfunc that may sleep is called with preemption disabled.
; type: syscall
; sleepable
; rejected EACCES: kernel func bpf_iter_kmem_cache_new is sleepable within non-preemptible region
    kcall bpf_preempt_disable
    r1 = r10
    r1 += -8
    kcall bpf_iter_kmem_cache_new
    r0 = 0
    exit
