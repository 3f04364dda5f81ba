; A program names a function that handles its exceptions, but there is none.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; rejected ENOENT: exception callback 'handler' could not be found in BTF
    r0 = 0
    exit
