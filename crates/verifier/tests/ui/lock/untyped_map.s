; A lock is found by the types of its map.
; type: sched_cls
; map m: array 4 8 1
; rejected EINVAL: map 'm' has to have BTF in order to use bpf_spin_lock
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
