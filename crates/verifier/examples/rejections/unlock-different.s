; The lock of `m` is taken, and that of `n` released.
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; map n: array 4 8 1 0 val
; rejected EINVAL: bpf_spin_unlock of different lock
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r1 = map[fd:1][0]+0
    call bpf_spin_unlock#94
    r0 = 0
    exit
