; A program reads a kernel object at an index that is not constant.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; rejected EACCES: R1 is ptr_task_struct invalid variable offset: off=0, var_off=(0x0; 0x8)
    r2 = *(u64 *)(r1 +8)
    r2 &= 8
    r1 = *(u64 *)(r1 +0)
    r1 += r2
    r0 = *(u64 *)(r1 +0)
    r0 = 0
    exit
