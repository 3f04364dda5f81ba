; An argument that is a number has the tag of a pointer.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (n u64 @arg:nonnull)
; func_info: 0 main, 2 handler
; rejected EINVAL: arg#0 has pointer tag, but is not a pointer type
    r0 = 0
    exit
handler:
    r0 = 0
    exit
