; An object goes into a tree, where a callback says.
; type: sched_cls
; struct node 40: rn bpf_rb_node 0, d int 32
; struct val 24: lock bpf_spin_lock 0, root tree_of:node.rn 8
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
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    kcall bpf_rbtree_add_impl
    r1 = r6
    call bpf_spin_unlock#94
out:
    r0 = 0
    exit
less: r0 = *(u32 *)(r1 +32)
    r1 = *(u32 *)(r2 +32)
    if r0 < r1 goto yes
    r0 = 0
    exit
yes: r0 = 1
    exit
