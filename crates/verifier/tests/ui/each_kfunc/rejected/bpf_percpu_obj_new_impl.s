; A per-CPU pointer is no address of a variable.
; type: sched_cls
; struct node 8: d int 0
; rejected EACCES: R7 is ptr_node access percpu memory: off=0
    r1 = type:node
    r2 = 0
    kcall bpf_percpu_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = *(u32 *)(r7 +0)
    r1 = r7
    r2 = 0
    kcall bpf_percpu_obj_drop_impl
out:
    r0 = 0
    exit
