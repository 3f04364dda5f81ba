; A socket filter uses a map whose values hold a lock.
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: socket filter progs cannot use bpf_spin_lock yet
    r1 = map[fd:0]
    r0 = 0
    exit
