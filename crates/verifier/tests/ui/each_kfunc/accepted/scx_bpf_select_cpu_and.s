; A CPU is chosen for a task, among those that it may use.
; type: perf_event
; kernel: 6.19
; accepted
    call bpf_get_current_task_btf#158
    r6 = r0
    r1 = r6
    r2 = 0
    r3 = 0
    r4 = *(u64 *)(r6 +koff:task_struct.cpus_ptr)
    r5 = 0
    kcall scx_bpf_select_cpu_and
    r0 = 0
    exit
