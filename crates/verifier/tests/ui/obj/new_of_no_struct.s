; Only structs are allocated.
; type: sched_cls
; struct node 8: d int 0
; rejected EINVAL: bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct
    r1 = 1
    r2 = 0
    kcall bpf_obj_new_impl
    r0 = 0
    exit
