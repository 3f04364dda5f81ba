; An argument is tagged as the context of a program type whose context has no name.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; func main: int (ctx ptr:u64) @exception_callback:handler
; func handler: global int (ctx ptr:task_struct @arg:ctx)
; func_info: 0 main, 2 handler
; rejected EINVAL: arg#0 should be void pointer
    r0 = 0
    exit
handler:
    r0 = 0
    exit
