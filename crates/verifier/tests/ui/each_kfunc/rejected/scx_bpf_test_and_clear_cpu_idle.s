; Only one CPU is claimed at a time.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: R1 is not a scalar
    kcall scx_bpf_get_online_cpumask
    r6 = r0
    r1 = r0
    kcall scx_bpf_test_and_clear_cpu_idle
    r1 = r6
    kcall scx_bpf_put_cpumask
    r0 = 0
    exit
