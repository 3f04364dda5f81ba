; The function that handles exceptions takes a pointer.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (p ptr:int)
; func_info: 0 main, 2 handler
; rejected EINVAL: exception cb only supports single integer argument
    r0 = 0
    exit
handler:
    r0 = 0
    exit
