; User memory is copied within an RCU section.
; type: syscall
; sleepable
; rejected EINVAL: sleepable helper bpf_copy_from_user#148 in rcu_read_lock region
    kcall bpf_rcu_read_lock
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call bpf_copy_from_user#148
    kcall bpf_rcu_read_unlock
    r0 = 0
    exit
