; Whether a task may run on this CPU is asked.
; type: tracepoint
; accepted
    call bpf_get_current_task_btf#158
    r6 = *(u64 *)(r0 +koff:task_struct.cpus_ptr)
    call bpf_get_smp_processor_id#8
    r1 = r0
    r2 = r6
    kcall bpf_cpumask_test_cpu
    r0 = 0
    exit
