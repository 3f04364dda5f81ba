; A variable on the stack is taken out of the tree.
; type: sched_cls
; struct node 32: rn bpf_rb_node 0
; struct val 24: lock bpf_spin_lock 0, root tree_of:node.rn 8
; map m: array 4 24 1 0 val
; rejected EINVAL: bpf_rbtree_remove can only take non-owning or refcounted bpf_rb_node pointer
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r1 = map[fd:0][0]+8
    r2 = r10
    r2 += -32
    kcall bpf_rbtree_remove
    r0 = 0
    exit
