; The result goes into a mask of the program's own.
; type: tracepoint
; rejected EINVAL: kernel function bpf_cpumask_and args#0 expected pointer to STRUCT bpf_cpumask but R1 has a pointer to STRUCT cpumask
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    call bpf_get_current_task_btf#158
    r1 = *(u64 *)(r0 +koff:task_struct.cpus_ptr)
    r2 = r1
    r3 = r6
    kcall bpf_cpumask_and
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
