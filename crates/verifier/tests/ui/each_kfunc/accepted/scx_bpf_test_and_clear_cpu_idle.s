; A CPU is claimed.
; type: perf_event
; kernel: 6.19
; accepted
    call bpf_get_smp_processor_id#8
    r1 = r0
    kcall scx_bpf_test_and_clear_cpu_idle
    r0 = 0
    exit
