; The type must be known.
; type: sched_cls
; rejected EINVAL: R1 must be a known constant
    r1 = *(u32 *)(r1 +0)
    r2 = 0
    kcall bpf_obj_new_impl
    r0 = 0
    exit
