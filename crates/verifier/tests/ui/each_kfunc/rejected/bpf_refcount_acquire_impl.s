; References to an object without a count cannot be taken.
; type: sched_cls
; struct node 8: lock bpf_spin_lock 0, d int 4
; rejected EINVAL: arg#0 doesn't point to a type with bpf_refcount field
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = 0
    kcall bpf_refcount_acquire_impl
    r1 = r7
    r2 = 0
    kcall bpf_obj_drop_impl
out:
    r0 = 0
    exit
