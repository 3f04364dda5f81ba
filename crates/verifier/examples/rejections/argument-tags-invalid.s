; An argument is tagged both as a kernel object and as plain memory.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (p ptr:task_struct @arg:trusted @arg:nonnull)
; func_info: 0 main, 2 handler
; rejected EINVAL: arg#0 has invalid combination of tags
    r0 = 0
    exit
handler:
    r0 = 0
    exit
