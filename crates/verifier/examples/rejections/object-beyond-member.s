; A load reaches from one member of an object into the next.
; type: sched_cls
; struct pair 16: a int 0, b int 4, c u64 8
; rejected EACCES: access beyond the end of member a (mend:4) in struct pair with off 0 size 8
    r1 = type:pair
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 +0)
out:
    r0 = 0
    exit
