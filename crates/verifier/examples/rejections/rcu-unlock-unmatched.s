; A section is left that was not entered.
; rejected EINVAL: unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)
    kcall bpf_rcu_read_unlock
    r0 = 0
    exit
