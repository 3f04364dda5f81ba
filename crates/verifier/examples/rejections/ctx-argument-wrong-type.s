; An argument that is tagged as the context points to another program type's.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (ctx ptr:xdp_md @arg:ctx)
; func_info: 0 main, 2 handler
; rejected EINVAL: arg#0 should be `struct __sk_buff *`
    r0 = 0
    exit
handler:
    r0 = 0
    exit
