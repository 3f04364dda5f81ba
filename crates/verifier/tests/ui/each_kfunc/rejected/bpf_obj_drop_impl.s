; An object is given up twice.
; type: sched_cls
; struct node 8: d int 0
; rejected EINVAL: R1 must be referenced or trusted
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r8 = r7
    r1 = r7
    r2 = 0
    kcall bpf_obj_drop_impl
    r1 = r8
    r2 = 0
    kcall bpf_obj_drop_impl
out:
    r0 = 0
    exit
