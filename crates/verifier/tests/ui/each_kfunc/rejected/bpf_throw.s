; Nothing is thrown within an RCU section.
; type: tracepoint
; rejected EINVAL: bpf_throw cannot be used inside bpf_rcu_read_lock-ed region
    kcall bpf_rcu_read_lock
    r1 = 7
    kcall bpf_throw
    kcall bpf_rcu_read_unlock
    r0 = 0
    exit
