; A pointer that was cast is not trusted to be a mask.
; type: tracepoint
; rejected EINVAL: R2 must be a rcu pointer
    r1 = 0
    r2 = ktype:bpf_cpumask
    kcall bpf_rdonly_cast
    r1 = 0
    r2 = r0
    kcall bpf_cpumask_test_and_set_cpu
    r0 = 0
    exit
