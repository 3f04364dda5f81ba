; A CPU is asked to go at full speed.
; type: perf_event
; kernel: 6.19
; accepted
    r1 = 0
    r2 = 1024
    kcall scx_bpf_cpuperf_set
    r0 = 0
    exit
