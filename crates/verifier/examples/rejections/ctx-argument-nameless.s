; An argument that is tagged as the context points to a pointer.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (ctx ptr:ptr:int @arg:ctx)
; func_info: 0 main, 2 handler
; rejected EINVAL: arg#0 type doesn't have a name
    r0 = 0
    exit
handler:
    r0 = 0
    exit
