; Each CPU would have its own 600 bytes.
; type: sched_cls
; struct node 600: d int 0
; rejected EINVAL: bpf_percpu_obj_new type size (600) is greater than 512
    r1 = type:node
    r2 = 0
    kcall bpf_percpu_obj_new_impl
    r0 = 0
    exit
