; The value holds no lock.
; type: sched_cls
; struct val 8: x int 0
; map m: array 4 8 1 0 val
; rejected EINVAL: map 'm' has no valid bpf_spin_lock
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_spin_lock#93
out:
    r0 = 0
    exit
