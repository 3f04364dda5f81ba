; The argument of a global function is a struct, not a pointer to one.
; type: sched_cls
; struct pair 16: a u64 0, b u64 8
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (p pair)
; func_info: 0 main, 2 handler
; rejected EINVAL: Arg#0 type STRUCT in handler() is not supported yet.
    r0 = 0
    exit
handler:
    r0 = 0
    exit
