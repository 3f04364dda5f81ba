; The CPUs to choose from are a mask.
; type: perf_event
; kernel: 6.19
; rejected EACCES: R1 type=scalar expected=fp
    r1 = 3
    r2 = 0
    kcall scx_bpf_pick_idle_cpu
    r0 = 0
    exit
