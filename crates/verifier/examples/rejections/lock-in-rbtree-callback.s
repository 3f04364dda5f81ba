; The function that compares two nodes takes a lock.
; type: sched_cls
; struct node 32: rn bpf_rb_node 0
; struct val 24: lock bpf_spin_lock 0, root tree_of:node.rn 8
; map m: array 4 24 1 0 val
; rejected EACCES: can't spin_{lock,unlock} in rbtree cb
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r6 = r0
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r1 = map[fd:0][0]+8
    r2 = r6
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    kcall bpf_rbtree_add_impl
    r1 = map[fd:0][0]+0
    call bpf_spin_unlock#94
out:
    r0 = 0
    exit
less:
    r1 = map[fd:0][0]+0
    call bpf_spin_unlock#94
    r0 = 0
    exit
