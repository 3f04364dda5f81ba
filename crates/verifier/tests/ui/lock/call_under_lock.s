; Little may be called under a lock.
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: function calls are not allowed while holding a lock
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_spin_lock#93
    call bpf_ktime_get_ns#5
out:
    r0 = 0
    exit
