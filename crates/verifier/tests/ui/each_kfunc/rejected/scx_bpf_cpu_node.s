; A CPU is a number, not what a context holds.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: R1 is not a scalar
    kcall scx_bpf_cpu_node
    r0 = 0
    exit
