; What was given back is not asked any more.
; type: perf_event
; kernel: 6.19
; rejected EACCES: R1 type=scalar expected=fp
    kcall scx_bpf_get_idle_smtmask
    r6 = r0
    r1 = r0
    kcall scx_bpf_put_idle_cpumask
    r1 = r6
    kcall bpf_cpumask_empty
    r0 = 0
    exit
