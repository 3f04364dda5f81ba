; The function that handles exceptions is static.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: int (cookie u64)
; func_info: 0 main, 2 handler
; rejected EINVAL: exception callback 'handler' must have global linkage
    r0 = 0
    exit
handler:
    r0 = 0
    exit
