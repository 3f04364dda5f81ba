; The walk over the tasks goes on after the section in which they were kept alive.
; type: syscall
; sleepable
; rejected EPROTO: expected an RCU CS when using bpf_iter_task_next
    kcall bpf_rcu_read_lock
    r1 = r10
    r1 += -24
    r2 = 0
    r3 = 0
    kcall bpf_iter_task_new
    kcall bpf_rcu_read_unlock
    r1 = r10
    r1 += -24
    kcall bpf_iter_task_next
    r0 = 0
    exit
