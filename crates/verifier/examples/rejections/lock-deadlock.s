; The program waits for a lock that it holds itself.
; type: sched_cls
; struct val 8: lock bpf_res_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: Acquiring the same lock again, AA deadlock detected
    r1 = map[fd:0][0]+0
    kcall bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = map[fd:0][0]+0
    kcall bpf_res_spin_lock
out:
    r0 = 0
    exit
