; An object is held twice, and given up as often.
; type: sched_cls
; struct node 8: ref bpf_refcount 0, d int 4
; accepted
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = 0
    kcall bpf_refcount_acquire_impl
    r1 = r0
    r2 = 0
    kcall bpf_obj_drop_impl
    r1 = r7
    r2 = 0
    kcall bpf_obj_drop_impl
out:
    r0 = 0
    exit
