; A CPU is a number.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: R1 is not a scalar
    r1 = r10
    kcall scx_bpf_cpuperf_cur
    r0 = 0
    exit
