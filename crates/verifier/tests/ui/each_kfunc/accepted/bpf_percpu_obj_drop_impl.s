; Variables of all CPUs are given up.
; type: sched_cls
; struct node 8: d int 0
; accepted
    r1 = type:node
    r2 = 0
    kcall bpf_percpu_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
    r1 = r7
    r2 = 0
    kcall bpf_percpu_obj_drop_impl
out:
    r0 = 0
    exit
