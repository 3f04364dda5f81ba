; A program reads a hole between two members of an object.
; type: sched_cls
; struct pair 16: a int 0, c u64 8
; rejected EINVAL: struct pair doesn't have field at offset 4
    r1 = type:pair
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r1 = *(u32 *)(r0 +4)
out:
    r0 = 0
    exit
