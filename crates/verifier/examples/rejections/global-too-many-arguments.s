; A global function takes six arguments.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (a int, b int, c int, d int, e int, f int)
; func_info: 0 main, 2 handler
; rejected EINVAL: Global function handler() with 6 > 5 args. Buggy compiler.
    r0 = 0
    exit
handler:
    r0 = 0
    exit
