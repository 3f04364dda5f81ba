; Where a task runs, or ran last, is asked.
; type: perf_event
; kernel: 6.19
; accepted
    call bpf_get_current_task_btf#158
    r1 = r0
    kcall scx_bpf_task_cpu
    r0 = 0
    exit
