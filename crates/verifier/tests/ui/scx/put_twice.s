; A mask that was given back is a mere number.
; type: perf_event
; kernel: 6.19
; rejected EACCES: R1 type=scalar expected=fp
    r1 = 0
    kcall scx_bpf_get_idle_smtmask_node
    r6 = r0
    r1 = r0
    kcall scx_bpf_put_idle_cpumask
    r1 = r6
    kcall scx_bpf_put_idle_cpumask
    r0 = 0
    exit
