; An idle CPU, near to a node, is claimed.
; type: perf_event
; kernel: 6.19
; accepted
    call bpf_get_current_task_btf#158
    r6 = *(u64 *)(r0 +koff:task_struct.cpus_ptr)
    r1 = r6
    r2 = 0
    r3 = 0
    kcall scx_bpf_pick_idle_cpu_node
    r0 = 0
    exit
