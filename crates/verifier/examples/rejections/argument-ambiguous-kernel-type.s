; An argument is tagged as an object of a struct of which this kernel has two.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (p ptr:dma_chan @arg:trusted)
; func_info: 0 main, 2 handler
; rejected ESRCH: arg#0 reference type('STRUCT dma_chan') is ambiguous
    r0 = 0
    exit
handler:
    r0 = 0
    exit
