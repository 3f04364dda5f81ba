; A program without a GPL-compatible licence reads a kernel object.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; license: none
; rejected EINVAL: Cannot access kernel 'struct task_struct' from non-GPL compatible program
    r1 = *(u64 *)(r1 +0)
    r0 = *(u32 *)(r1 +0)
    r0 = 0
    exit
