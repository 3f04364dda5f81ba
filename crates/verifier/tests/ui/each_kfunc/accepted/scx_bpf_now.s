; The scheduler's clock is read.
; type: perf_event
; kernel: 6.19
; accepted
    kcall scx_bpf_now
    r0 = 0
    exit
