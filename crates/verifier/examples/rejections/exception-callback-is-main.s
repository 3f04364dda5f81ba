; A program names itself as the function that handles its exceptions.
; type: sched_cls
; func main: global int (ctx ptr:__sk_buff) @exception_callback:main
; rejected EINVAL: invalid exception callback insn_off in func_info: 0
    r0 = 0
    exit
