; A path is spelled out by a program where locks may be held that spelling takes.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; rejected EINVAL: helper call is not allowed in probe
    r1 = *(u64 *)(r1 +0)
    r2 = r10
    r2 += -8
    r3 = 8
    call bpf_d_path#147
    r0 = 0
    exit
