; A lock is taken again.
; type: sched_cls
; struct val 8: lock bpf_res_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: Acquiring the same lock again, AA deadlock detected
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    kcall bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = r6
    kcall bpf_res_spin_lock
out:
    r0 = 0
    exit
