; What is at the back of a list is read while the lock is held.
; type: sched_cls
; struct node 32: ln bpf_list_node 0, d int 24
; struct val 24: lock bpf_spin_lock 0, head list_of:node.ln 8
; map m: array 4 24 1 0 val
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
    r1 += 8
    kcall bpf_list_back
    r7 = r0
    if r7 == 0 goto done
    r1 = *(u32 *)(r7 +24)
done:
    r1 = r6
    call bpf_spin_unlock#94
out:
    r0 = 0
    exit
