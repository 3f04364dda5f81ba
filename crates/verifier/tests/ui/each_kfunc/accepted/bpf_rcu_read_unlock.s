; Sections follow each other.
; type: syscall
; sleepable
; accepted
    kcall bpf_rcu_read_lock
    kcall bpf_rcu_read_unlock
    kcall bpf_rcu_read_lock
    kcall bpf_rcu_read_unlock
    r0 = 0
    exit
