; A plain number is started as a timer.
; type: sched_cls
; struct val 16: x u64 0
; map m: array 4 16 1 0 val
; rejected EINVAL: map 'm' has no valid bpf_timer
    r1 = map[fd:0][0]+0
    r2 = 1
    r3 = 0
    call bpf_timer_start#171
    r0 = 0
    exit
