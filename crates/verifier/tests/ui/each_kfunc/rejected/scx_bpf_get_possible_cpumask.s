; Even a mask that never changes is given back.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
    kcall scx_bpf_get_possible_cpumask
    r0 = 0
    exit
