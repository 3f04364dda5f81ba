; The program ends with the lock still taken.
; kernel: 6.1
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: bpf_spin_unlock is missing
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r0 = 0
    exit
