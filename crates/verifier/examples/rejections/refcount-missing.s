; The object has no count that could tell of a second owner.
; type: sched_cls
; struct node 32: ln bpf_list_node 0, d int 24
; rejected EINVAL: arg#0 doesn't point to a type with bpf_refcount field
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r1 = r0
    r2 = 0
    kcall bpf_refcount_acquire_impl
out:
    r0 = 0
    exit
