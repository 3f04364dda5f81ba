; CPU masks are for tracing programs and schedulers, not for socket filters.
; rejected EACCES: calling kernel function bpf_cpumask_create is not allowed
    kcall bpf_cpumask_create
    r0 = 0
    exit
