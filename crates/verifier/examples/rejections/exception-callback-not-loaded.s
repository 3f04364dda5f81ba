; The function that handles exceptions is declared, but is no part of the program.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (cookie u64)
; func_info: 0 main
; rejected EINVAL: exception callback type id not found in func_info
    r0 = 0
    exit
