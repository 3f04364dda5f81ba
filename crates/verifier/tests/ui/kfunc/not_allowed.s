; A kfunc of tracing programs is called by a socket filter.
; rejected EACCES: calling kernel function bpf_cpumask_create is not allowed
    kcall bpf_cpumask_create
    r0 = 0
    exit
