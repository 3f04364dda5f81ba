; A mask that was lent is not one that may be held on to.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: kernel function bpf_cpumask_acquire args#0 expected pointer to STRUCT bpf_cpumask but R1 has a pointer to STRUCT cpumask
    r1 = 0
    kcall scx_bpf_get_idle_smtmask_node
    r1 = r0
    kcall bpf_cpumask_acquire
    r0 = 0
    exit
