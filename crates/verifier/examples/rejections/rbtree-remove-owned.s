; A new object, which is in no tree, is taken out of the tree.
; type: sched_cls
; kernel: 6.12
; struct node 32: rn bpf_rb_node 0
; struct val 24: lock bpf_spin_lock 0, root tree_of:node.rn 8
; map m: array 4 24 1 0 val
; rejected EINVAL: rbtree_remove node input must be non-owning ref
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r6 = r0
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r1 = map[fd:0][0]+8
    r2 = r6
    kcall bpf_rbtree_remove
out:
    r0 = 0
    exit
