; The performance is a number.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: R2 is not a scalar
    r1 = 0
    r2 = r10
    kcall scx_bpf_cpuperf_set
    r0 = 0
    exit
