; What is at the front of a list stays there: it cannot be given up.
; type: sched_cls
; struct node 32: ln bpf_list_node 0, d int 24
; struct val 24: lock bpf_spin_lock 0, head list_of:node.ln 8
; map m: array 4 24 1 0 val
; rejected EINVAL: R1 must be referenced or trusted
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
    kcall bpf_list_front
    r7 = r0
    r1 = r6
    call bpf_spin_unlock#94
    if r7 == 0 goto out
    r1 = r7
    r2 = 0
    kcall bpf_obj_drop_impl
out:
    r0 = 0
    exit
