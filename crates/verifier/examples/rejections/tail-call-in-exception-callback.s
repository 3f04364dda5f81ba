; The function that handles exceptions makes a tail call through another function.
; type: sched_cls
; map jumps: prog_array 4 4 1
; func main: int (ctx ptr:__sk_buff) @exception_callback:handler
; func handler: global int (cookie u64)
; func next: int (ctx ptr:__sk_buff)
; func_info: 0 main, 2 handler, 6 next
; rejected EINVAL: cannot tail call within exception cb
    r0 = 0
    exit
handler:
    r0 = 0
    if r0 == 0 goto out
    call next
out:
    exit
next:
    r2 = map[fd:0]
    r3 = 0
    call bpf_tail_call#12
    r0 = 0
    exit
