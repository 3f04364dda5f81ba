; An argument has a tag that this kernel does not know.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (p ptr:int @arg:nonsense)
; func_info: 0 main, 2 handler
; rejected EOPNOTSUPP: arg#0 has unsupported set of tags
    r0 = 0
    exit
handler:
    r0 = 0
    exit
