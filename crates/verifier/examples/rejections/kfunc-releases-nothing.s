; A callback releases what its caller acquired. It may run many times, or not at all, so Linux before 6.13 let it
; release its own references only.
; type: sched_cls
; struct node 8: d int 0
; kernel: 6.12
; not asked: each kernel has its own number for the function
; rejected EINVAL: kfunc bpf_obj_drop_impl#15364 reference has not been acquired before
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    *(u64 *)(r10 -8) = r0
    r1 = 1
    r2 = subprog[body]
    r3 = r10
    r3 += -8
    r4 = 0
    call bpf_loop#181
    r1 = *(u64 *)(r10 -8)
    r2 = 0
    kcall bpf_obj_drop_impl
out:
    r0 = 0
    exit
body:
    r1 = *(u64 *)(r2 +0)
    r2 = 0
    kcall bpf_obj_drop_impl
    r0 = 0
    exit
