; A CPU is chosen for a task as the kernel does by itself.
; type: perf_event
; kernel: 6.19
; accepted
    call bpf_get_current_task_btf#158
    r6 = r0
    r1 = r6
    r2 = 0
    r3 = 0
    r4 = r10
    r4 += -1
    *(u8 *)(r10 -1) = 0
    kcall scx_bpf_select_cpu_dfl
    r0 = 0
    exit
