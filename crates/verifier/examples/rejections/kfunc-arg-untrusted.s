; A pointer that was cast to a task may point to anything.
; type: tracepoint
; rejected EINVAL: R1 must be referenced or trusted
    r1 = 0
    r2 = ktype:task_struct
    kcall bpf_rdonly_cast
    r1 = r0
    r2 = 10
    r3 = 0
    r4 = 0
    kcall bpf_send_signal_task
    r0 = 0
    exit
