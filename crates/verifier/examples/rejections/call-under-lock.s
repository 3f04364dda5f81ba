; The program asks for the time while others may wait for its lock.
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: function calls are not allowed while holding a lock
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    call bpf_ktime_get_ns#5
    r0 = 0
    exit
