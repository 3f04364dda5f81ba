; A mask that was not lent cannot be given back.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: R1 must be referenced or trusted
    call bpf_get_current_task_btf#158
    r1 = *(u64 *)(r0 +koff:task_struct.cpus_ptr)
    kcall scx_bpf_put_idle_cpumask
    r0 = 0
    exit
