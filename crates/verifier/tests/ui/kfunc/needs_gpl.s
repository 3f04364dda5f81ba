; Kfuncs are for GPL-compatible programs.
; license: none
; rejected EINVAL: cannot call kernel function from non-GPL compatible program
    kcall bpf_rcu_read_lock
    kcall bpf_rcu_read_unlock
    r0 = 0
    exit
