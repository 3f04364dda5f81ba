; What a task may run on is not widened.
; type: tracepoint
; rejected EINVAL: kernel function bpf_cpumask_setall args#0 expected pointer to STRUCT bpf_cpumask but R1 has a pointer to STRUCT cpumask
    call bpf_get_current_task_btf#158
    r6 = *(u64 *)(r0 +koff:task_struct.cpus_ptr)
    r1 = r6
    kcall bpf_cpumask_setall
    r0 = 0
    exit
