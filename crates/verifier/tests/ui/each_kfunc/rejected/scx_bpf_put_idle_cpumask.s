; What a task may run on was not lent.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: R1 must be referenced or trusted
    call bpf_get_current_task_btf#158
    r6 = *(u64 *)(r0 +koff:task_struct.cpus_ptr)
    r1 = r6
    kcall scx_bpf_put_idle_cpumask
    r0 = 0
    exit
