; A program reads before the start of a kernel object.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; rejected EACCES: R1 is ptr_task_struct invalid negative access: off=-8
    r1 = *(u64 *)(r1 +0)
    r0 = *(u64 *)(r1 -8)
    r0 = 0
    exit
