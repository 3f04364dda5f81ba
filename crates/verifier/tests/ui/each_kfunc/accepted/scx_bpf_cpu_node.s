; The node of a CPU is asked for.
; type: perf_event
; kernel: 6.19
; accepted
    call bpf_get_smp_processor_id#8
    r1 = r0
    kcall scx_bpf_cpu_node
    r0 = 0
    exit
