; A CPU is chosen for a task; the numbers are in a struct.
; type: perf_event
; kernel: 6.19
; accepted
    call bpf_get_current_task_btf#158
    r6 = r0
    *(u64 *)(r10 -24) = 0
    *(u64 *)(r10 -16) = 0
    *(u64 *)(r10 -8) = 0
    r1 = r6
    r2 = *(u64 *)(r6 +koff:task_struct.cpus_ptr)
    r3 = r10
    r3 += -24
    kcall __scx_bpf_select_cpu_and
    r0 = 0
    exit
