; The verifier does not tell masks of idle CPUs from others.
; type: tracepoint
; kernel: 6.19
; accepted
    kcall scx_bpf_get_idle_cpumask
    r1 = r0
    kcall scx_bpf_put_cpumask
    kcall scx_bpf_get_online_cpumask
    r1 = r0
    kcall scx_bpf_put_idle_cpumask
    r0 = 0
    exit
