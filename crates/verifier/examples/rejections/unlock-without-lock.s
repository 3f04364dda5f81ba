; A lock is released that was not taken.
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: bpf_spin_unlock without taking a lock
    r1 = map[fd:0][0]+0
    call bpf_spin_unlock#94
    r0 = 0
    exit
