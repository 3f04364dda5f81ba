; A program at a typed tracepoint is entered through no function, so that there is no address of one.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; rejected ENOTSUPP: func bpf_get_func_ip#173 supported only for fentry/fexit/fmod_ret programs
    call bpf_get_func_ip#173
    r0 = 0
    exit
