; The pointer leads to the start of the value, and the timer lies behind it.
; type: sched_cls
; struct val 24: x u64 0, t bpf_timer 8
; map m: array 4 24 1 0 val
; rejected EINVAL: off 0 doesn't point to 'struct bpf_timer' that is at 8
    r1 = map[fd:0][0]+0
    r2 = 1
    r3 = 0
    call bpf_timer_start#171
    r0 = 0
    exit
