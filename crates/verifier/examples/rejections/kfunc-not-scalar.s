; The kernel function takes the number of a process, and is given the context.
; type: tracepoint
; rejected EINVAL: R1 is not a scalar
    kcall bpf_task_from_pid
    r0 = 0
    exit
