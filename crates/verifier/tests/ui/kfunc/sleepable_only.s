; A kfunc that may sleep is called where nothing may.
; type: tracepoint
; rejected EACCES: program must be sleepable to call sleepable kfunc bpf_iter_kmem_cache_new
    r1 = r10
    r1 += -8
    kcall bpf_iter_kmem_cache_new
    r0 = 0
    exit
