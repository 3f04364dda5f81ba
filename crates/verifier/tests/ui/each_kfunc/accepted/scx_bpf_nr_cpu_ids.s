; How many CPUs there may be is asked.
; type: perf_event
; kernel: 6.19
; accepted
    kcall scx_bpf_nr_cpu_ids
    r0 = 0
    exit
