; RCU sections do not nest in 6.18.
; type: syscall
; sleepable
; rejected EINVAL: nested rcu read lock (kernel function bpf_rcu_read_lock)
    kcall bpf_rcu_read_lock
    kcall bpf_rcu_read_lock
    r0 = 0
    exit
