; The mask to choose from is no number.
; type: perf_event
; kernel: 6.19
; rejected EACCES: R4 type=scalar expected=fp
    call bpf_get_current_task_btf#158
    r6 = r0
    r1 = r6
    r2 = 0
    r3 = 0
    r4 = 1
    r5 = 0
    kcall scx_bpf_select_cpu_and
    r0 = 0
    exit
