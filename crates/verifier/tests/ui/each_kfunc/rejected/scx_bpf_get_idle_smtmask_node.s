; Neither is a mask of one node kept.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
    r1 = 0
    kcall scx_bpf_get_idle_smtmask_node
    r0 = 0
    exit
