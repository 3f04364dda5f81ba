; A mask that is lent is not changed.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: kernel function bpf_cpumask_setall args#0 expected pointer to STRUCT bpf_cpumask but R1 has a pointer to STRUCT cpumask
    kcall scx_bpf_get_online_cpumask
    r6 = r0
    r1 = r0
    kcall bpf_cpumask_setall
    r1 = r6
    kcall scx_bpf_put_cpumask
    r0 = 0
    exit
