; A function that returns nothing makes a tail call.
; type: sched_cls
; map jumps: prog_array 4 4 1
; func main: int (ctx ptr:__sk_buff)
; func f: void (ctx ptr:__sk_buff)
; rejected EINVAL: tail_call is only allowed in functions that return 'int'.
    call f
    r0 = 0
    exit
f:
    r2 = map[fd:0]
    r3 = 0
    call bpf_tail_call#12
    r0 = 0
    exit
