; An object of bpf_percpu_obj_new() is freed as one of bpf_obj_new().
; type: sched_cls
; struct node 8: d int 0
; rejected EINVAL: arg#0 expected for bpf_percpu_obj_drop_impl()
    r1 = type:node
    r2 = 0
    kcall bpf_percpu_obj_new_impl
    if r0 == 0 goto out
    r1 = r0
    r2 = 0
    kcall bpf_obj_drop_impl
out:
    r0 = 0
    exit
