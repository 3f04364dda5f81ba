; An argument is tagged as an object of a struct that the kernel does not have.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (p ptr:no_such_struct @arg:trusted)
; func_info: 0 main, 2 handler
; rejected ENOENT: arg#0 reference type('STRUCT no_such_struct') has no matches
    r0 = 0
    exit
handler:
    r0 = 0
    exit
