; A loop sets a timer's callback 8193 times: each is walked later.
; type: sched_cls
; struct val 16: t bpf_timer 0
; map timers: array 4 16 1 0 val
; func main: int (ctx ptr:__sk_buff)
; func fired: int (m ptr:void, k ptr:void, v ptr:void)
; rejected EFAULT: The sequence of 8193 jumps is too complex for async cb.
    r6 = 0
again:
    r1 = map[fd:0][0]+0
    r2 = subprog[fired]
    call bpf_timer_set_callback#170
    r6 += 1
    if r6 != 8193 goto again
    r0 = 0
    exit
fired:
    r0 = 0
    exit
