; A section is entered twice.
; rejected EINVAL: nested rcu read lock (kernel function bpf_rcu_read_lock)
    kcall bpf_rcu_read_lock
    kcall bpf_rcu_read_lock
    r0 = 0
    exit
