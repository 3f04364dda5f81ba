; Each CPU would have its own node of the list.
; type: sched_cls
; struct node 24: ln bpf_list_node 0
; rejected EINVAL: bpf_percpu_obj_new type ID argument must not contain special fields
    r1 = type:node
    r2 = 0
    kcall bpf_percpu_obj_new_impl
    r0 = 0
    exit
