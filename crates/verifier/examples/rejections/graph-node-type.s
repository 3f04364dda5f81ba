; The list is one of `struct node`, and is given a `struct other`.
; type: sched_cls
; struct node 24: ln bpf_list_node 0
; struct other 32: d int 0, ln bpf_list_node 8
; struct val 24: lock bpf_spin_lock 0, head list_of:node.ln 8
; map m: array 4 24 1 0 val
; rejected EINVAL: operation on bpf_list_head expects arg#1 bpf_list_node at offset=0 in struct node, but arg is at offset=8 in struct other
    r1 = type:other
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r6 = r0
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r1 = map[fd:0][0]+8
    r2 = r6
    r2 += 8
    r3 = 0
    r4 = 0
    kcall bpf_list_push_front_impl
out:
    r0 = 0
    exit
