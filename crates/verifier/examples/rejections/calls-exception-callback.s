; A program calls the function that handles its exceptions.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (cookie u64)
; rejected EINVAL: insn 1 cannot call exception cb directly
    r1 = 0
    call handler
    exit
handler:
    r0 = 0
    exit
