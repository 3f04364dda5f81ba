; The function that compares two nodes leaves the section that the program entered. It can only come so far without
; the lock of the tree, which it gives back before.
; type: sched_cls
; struct node 32: rn bpf_rb_node 0
; struct val 24: lock bpf_res_spin_lock 0, root tree_of:node.rn 8
; map m: array 4 24 1 0 val
; rejected EACCES: Calling bpf_rcu_read_{lock,unlock} in unnecessary rbtree callback
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r6 = r0
    kcall bpf_rcu_read_lock
    r1 = map[fd:0][0]+0
    kcall bpf_res_spin_lock
    if r0 != 0 goto out
    r1 = map[fd:0][0]+8
    r2 = r6
    r3 = subprog[less]
    r4 = 0
    r5 = 0
    kcall bpf_rbtree_add_impl
    r1 = map[fd:0][0]+0
    kcall bpf_res_spin_unlock
    kcall bpf_rcu_read_unlock
out:
    r0 = 0
    exit
less:
    r1 = map[fd:0][0]+0
    kcall bpf_res_spin_unlock
    kcall bpf_rcu_read_unlock
    r0 = 0
    exit
