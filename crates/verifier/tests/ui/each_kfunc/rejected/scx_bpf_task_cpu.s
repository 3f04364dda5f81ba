; A mask is no task.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: kernel function scx_bpf_task_cpu args#0 expected pointer to STRUCT task_struct but R1 has a pointer to STRUCT cpumask
    kcall scx_bpf_get_online_cpumask
    r6 = r0
    r1 = r0
    kcall scx_bpf_task_cpu
    r1 = r6
    kcall scx_bpf_put_cpumask
    r0 = 0
    exit
