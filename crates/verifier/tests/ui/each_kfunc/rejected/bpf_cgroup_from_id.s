; A control group that is found and never released leaks.
; type: tracepoint
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
    r1 = 1
    kcall bpf_cgroup_from_id
    r0 = 0
    exit
