; A node is a number.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: R1 is not a scalar
    kcall scx_bpf_get_idle_cpumask_node
    r1 = r0
    kcall scx_bpf_put_idle_cpumask
    r0 = 0
    exit
