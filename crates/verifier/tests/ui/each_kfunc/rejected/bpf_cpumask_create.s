; A mask that is made and never released leaks.
; type: tracepoint
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
    kcall bpf_cpumask_create
    r0 = 0
    exit
