; The object has no special member at all, and so no count that could tell of a second owner.
; type: sched_cls
; struct node 8: d int 0
; rejected EFAULT: verifier bug: Couldn't find btf_record
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
