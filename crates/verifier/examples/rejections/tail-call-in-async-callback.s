; A timer's callback makes a tail call.
; type: sched_cls
; struct val 16: t bpf_timer 0
; map timers: array 4 16 1 0 val
; map jumps: prog_array 4 4 1
; func main: int (ctx ptr:__sk_buff)
; func fired: int (m ptr:void, k ptr:void, v ptr:void)
; rejected EFAULT: verifier bug: subprog has tail_call and async cb
    r1 = map[fd:0][0]+0
    r2 = subprog[fired]
    call bpf_timer_set_callback#170
    r0 = 0
    exit
fired:
    r0 = 0
    if r0 == 0 goto out
    r2 = map[fd:1]
    r3 = 0
    call bpf_tail_call#12
out:
    r0 = 0
    exit
