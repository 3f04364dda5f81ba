; Each mask that was lent is given back.
; type: perf_event
; kernel: 6.19
; accepted
    kcall scx_bpf_get_possible_cpumask
    r6 = r0
    kcall scx_bpf_get_online_cpumask
    r1 = r0
    kcall scx_bpf_put_cpumask
    r1 = r6
    kcall scx_bpf_put_cpumask
    r0 = 0
    exit
