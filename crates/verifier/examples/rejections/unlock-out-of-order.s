; The lock of `m` is released before that of `n`, which was taken later.
; type: sched_cls
; struct val 8: lock bpf_res_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; map n: array 4 8 1 0 val
; rejected EINVAL: bpf_res_spin_unlock cannot be out of order
    r1 = map[fd:0][0]+0
    kcall bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = map[fd:1][0]+0
    kcall bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = map[fd:0][0]+0
    kcall bpf_res_spin_unlock
out:
    r0 = 0
    exit
