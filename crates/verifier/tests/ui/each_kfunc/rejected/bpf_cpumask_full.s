; A task is no mask.
; type: tracepoint
; rejected EINVAL: kernel function bpf_cpumask_full args#0 expected pointer to STRUCT cpumask but R1 has a pointer to STRUCT task_struct
    call bpf_get_current_task_btf#158
    r1 = r0
    kcall bpf_cpumask_full
    r0 = 0
    exit
