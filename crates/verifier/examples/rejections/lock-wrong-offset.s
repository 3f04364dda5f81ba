; The pointer leads behind the lock.
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: off 4 doesn't point to 'struct bpf_spin_lock' that is at 0
    r1 = map[fd:0][0]+4
    call bpf_spin_lock#93
    r0 = 0
    exit
