; Nothing is copied into a task's mask.
; type: tracepoint
; rejected EINVAL: kernel function bpf_cpumask_copy args#0 expected pointer to STRUCT bpf_cpumask but R1 has a pointer to STRUCT cpumask
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    call bpf_get_current_task_btf#158
    r1 = *(u64 *)(r0 +koff:task_struct.cpus_ptr)
    r2 = r6
    kcall bpf_cpumask_copy
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
