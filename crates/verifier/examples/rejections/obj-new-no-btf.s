; The program was loaded without its types.
; type: sched_cls
; no btf
; rejected EINVAL: bpf_obj_new/bpf_percpu_obj_new requires prog BTF
    r1 = 1
    r2 = 0
    kcall bpf_obj_new_impl
    r0 = 0
    exit
