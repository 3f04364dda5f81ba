; A section that begins must end.
; type: tracepoint
; rejected EINVAL: BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region
    kcall bpf_rcu_read_lock
    r0 = 0
    exit
