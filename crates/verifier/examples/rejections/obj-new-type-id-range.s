; Numbers of types have 32 bits.
; type: sched_cls
; rejected EINVAL: local type ID argument must be in range [0, U32_MAX]
    r1 = 0x100000000
    r2 = 0
    kcall bpf_obj_new_impl
    r0 = 0
    exit
