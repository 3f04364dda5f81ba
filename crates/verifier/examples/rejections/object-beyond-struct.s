; A program reads beyond the end of an object that it allocated.
; type: sched_cls
; struct pair 16: a u64 0, b u64 8
; rejected EACCES: access beyond struct pair at off 16 size 8
    r1 = type:pair
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 +16)
out:
    r0 = 0
    exit
