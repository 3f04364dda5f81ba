; What is to the left below the top of a tree is read.
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
    r1 = r6
    call bpf_spin_lock#93
    r1 = r6
    r1 += 8
    kcall bpf_rbtree_root
    if r0 == 0 goto done
    r7 = r0
    r1 = r6
    r1 += 8
    r2 = r7
    kcall bpf_rbtree_left
    if r0 == 0 goto done
    r1 = *(u32 *)(r0 +32)
done:
    r1 = r6
    call bpf_spin_unlock#94
out:
    r0 = 0
    exit
