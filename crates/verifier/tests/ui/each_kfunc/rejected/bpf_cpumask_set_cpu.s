; A task's mask is not the program's to change.
; type: tracepoint
; rejected EINVAL: kernel function bpf_cpumask_set_cpu args#1 expected pointer to STRUCT bpf_cpumask but R2 has a pointer to STRUCT cpumask
    call bpf_get_current_task_btf#158
    r6 = *(u64 *)(r0 +koff:task_struct.cpus_ptr)
    r1 = 0
    r2 = r6
    kcall bpf_cpumask_set_cpu
    r0 = 0
    exit
