; A pointer is passed as a number.
; type: tracepoint
; rejected EINVAL: R1 is not a scalar
    kcall bpf_task_from_pid
    r0 = 0
    exit
