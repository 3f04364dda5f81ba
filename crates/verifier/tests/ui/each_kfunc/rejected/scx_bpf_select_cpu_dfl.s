; Whether the CPU is idle needs a place to be told.
; type: perf_event
; kernel: 6.19
; rejected EACCES: Possibly NULL pointer passed to trusted arg3
    call bpf_get_current_task_btf#158
    r6 = r0
    r1 = r6
    r2 = 0
    r3 = 0
    r4 = 0
    kcall scx_bpf_select_cpu_dfl
    r0 = 0
    exit
