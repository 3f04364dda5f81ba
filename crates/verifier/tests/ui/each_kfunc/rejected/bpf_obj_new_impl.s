; An object is made and forgotten.
; type: sched_cls
; struct node 8: d int 0
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
    r1 = type:node
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    r7 = r0
out:
    r0 = 0
    exit
