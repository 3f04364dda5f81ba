; The idle CPUs of a node are lent. The mask answers, and is given back.
; type: perf_event
; kernel: 6.19
; accepted
    r1 = 0
    kcall scx_bpf_get_idle_cpumask_node
    r6 = r0
    r1 = r0
    kcall bpf_cpumask_weight
    r1 = r6
    kcall scx_bpf_put_idle_cpumask
    r0 = 0
    exit
