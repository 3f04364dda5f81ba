; A mask of idle CPUs is given back.
; type: perf_event
; kernel: 6.19
; accepted
    kcall scx_bpf_get_idle_cpumask
    r1 = r0
    kcall scx_bpf_put_idle_cpumask
    r0 = 0
    exit
