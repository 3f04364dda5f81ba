; A program names two functions that handle its exceptions.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:one @exception_callback:two
; rejected EEXIST: multiple exception callback tags for main subprog
    r0 = 0
    exit
