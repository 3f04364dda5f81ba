; A program writes to a kernel object.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; rejected EACCES: only read is supported
    r1 = *(u64 *)(r1 +0)
    *(u64 *)(r1 +0) = 0
    r0 = 0
    exit
