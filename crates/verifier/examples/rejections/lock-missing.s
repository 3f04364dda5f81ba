; A plain number is locked.
; type: sched_cls
; struct val 8: x int 0
; map m: array 4 8 1 0 val
; rejected EINVAL: map 'm' has no valid bpf_spin_lock
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r0 = 0
    exit
