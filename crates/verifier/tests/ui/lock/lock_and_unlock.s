; A lock is taken and released.
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; accepted
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_spin_lock#93
    r1 = r6
    call bpf_spin_unlock#94
out:
    r0 = 0
    exit
