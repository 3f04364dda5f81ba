; Until then they could.
; type: perf_event
; kernel: 6.19
; accepted
    call bpf_get_current_task_btf#158
    r6 = r0
    kcall scx_bpf_get_online_cpumask
    r7 = r0
    r1 = r6
    r2 = 0
    r3 = 0
    r4 = r7
    r5 = 0
    kcall scx_bpf_select_cpu_and
    r1 = r7
    kcall scx_bpf_put_cpumask
    r0 = 0
    exit
