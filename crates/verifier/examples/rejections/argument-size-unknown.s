; An argument points to a struct that is declared but not defined.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (p ptr:fwd:secret)
; func_info: 0 main, 2 handler
; rejected EINVAL: arg#0 reference type('FWD secret') size cannot be determined: -22
    r0 = 0
    exit
handler:
    r0 = 0
    exit
