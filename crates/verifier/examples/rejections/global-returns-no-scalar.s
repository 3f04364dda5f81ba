; The function that handles exceptions returns a pointer.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global ptr:int (cookie u64)
; func_info: 0 main, 2 handler
; rejected EINVAL: Global function handler() doesn't return scalar. Only those are supported.
    r0 = 0
    exit
handler:
    r0 = 0
    exit
