; An argument is tagged as arena memory that may be null.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (p ptr:int @arg:arena @arg:nullable)
; func_info: 0 main, 2 handler
; rejected EINVAL: arg#0 arena cannot be combined with any other tags
    r0 = 0
    exit
handler:
    r0 = 0
    exit
