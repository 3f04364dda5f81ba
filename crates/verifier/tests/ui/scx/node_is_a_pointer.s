; A node is a number.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: R1 is not a scalar
    r1 = r10
    kcall scx_bpf_get_idle_smtmask_node
    r1 = r0
    kcall scx_bpf_put_idle_cpumask
    r0 = 0
    exit
