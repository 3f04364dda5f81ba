; An object goes to the front of a list, under its lock.
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
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    call bpf_spin_lock#93
    r1 = r6
    r1 += 8
    r2 = r7
    r3 = 0
    r4 = 0
    kcall bpf_list_push_front_impl
    r1 = r6
    call bpf_spin_unlock#94
out:
    r0 = 0
    exit
