; Whether a task may run anywhere is asked.
; type: tracepoint
; accepted
    call bpf_get_current_task_btf#158
    r6 = *(u64 *)(r0 +koff:task_struct.cpus_ptr)
    r1 = r6
    kcall bpf_cpumask_empty
    r0 = 0
    exit
