; All CPUs that there may be are lent. The mask answers, and is given back.
; type: perf_event
; kernel: 6.19
; accepted
    kcall scx_bpf_get_possible_cpumask
    r6 = r0
    r1 = r0
    kcall bpf_cpumask_weight
    r1 = r6
    kcall scx_bpf_put_cpumask
    r0 = 0
    exit
