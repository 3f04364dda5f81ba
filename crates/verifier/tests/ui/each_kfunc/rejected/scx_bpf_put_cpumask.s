; A mask is given back once.
; type: perf_event
; kernel: 6.19
; rejected EACCES: R1 type=scalar expected=fp
    kcall scx_bpf_get_online_cpumask
    r6 = r0
    r1 = r0
    kcall scx_bpf_put_cpumask
    r1 = r6
    kcall scx_bpf_put_cpumask
    r0 = 0
    exit
