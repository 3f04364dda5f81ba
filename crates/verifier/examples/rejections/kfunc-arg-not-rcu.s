; A reference is taken to a task that may be gone already.
; type: tracepoint
; rejected EINVAL: R1 must be a rcu pointer
    r1 = 0
    r2 = ktype:task_struct
    kcall bpf_rdonly_cast
    r1 = r0
    kcall bpf_task_acquire
    r0 = 0
    exit
