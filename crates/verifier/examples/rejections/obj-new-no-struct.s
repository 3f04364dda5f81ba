; A plain `int` is allocated.
; type: sched_cls
; rejected EINVAL: bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct
    r1 = type:int
    r2 = 0
    kcall bpf_obj_new_impl
    r0 = 0
    exit
