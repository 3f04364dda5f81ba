; The list links its objects by `a`, and is given one by its `b`.
; type: sched_cls
; struct node 48: a bpf_list_node 0, b bpf_list_node 24
; struct val 24: lock bpf_spin_lock 0, head list_of:node.a 8
; map m: array 4 24 1 0 val
; rejected EINVAL: arg#1 offset=24, but expected bpf_list_node at offset=0 in struct node
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r6 = r0
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r1 = map[fd:0][0]+8
    r2 = r6
    r2 += 24
    r3 = 0
    r4 = 0
    kcall bpf_list_push_front_impl
out:
    r0 = 0
    exit
