; Masks are compared. One is the program's, one a task's.
; type: tracepoint
; accepted
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    call bpf_get_current_task_btf#158
    r1 = r6
    r2 = *(u64 *)(r0 +koff:task_struct.cpus_ptr)
    kcall bpf_cpumask_equal
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
