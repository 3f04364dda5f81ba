; Half of a pointer in a kernel object is read.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; rejected EACCES: cannot access ptr member real_parent with moff 2720 in struct task_struct with off 2720 size 4
    r1 = *(u64 *)(r1 +0)
    r1 = *(u32 *)(r1 +koff:task_struct.real_parent)
    r0 = 0
    exit
