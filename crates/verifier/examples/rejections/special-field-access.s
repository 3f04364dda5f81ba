; The lock in a map's value is written to.
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EACCES: bpf_spin_lock cannot be accessed directly by load/store
    r1 = map[fd:0][0]+0
    *(u32 *)(r1 +0) = 0
    r0 = 0
    exit
