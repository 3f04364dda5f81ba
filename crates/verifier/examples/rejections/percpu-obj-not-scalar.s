; Each CPU would have its own pointer.
; type: sched_cls
; struct node 8: p ptr:int 0
; rejected EINVAL: bpf_percpu_obj_new type ID argument must be of a struct of scalars
    r1 = type:node
    r2 = 0
    kcall bpf_percpu_obj_new_impl
    r0 = 0
    exit
