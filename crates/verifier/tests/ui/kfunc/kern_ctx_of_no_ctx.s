; Something else than the context is passed.
; rejected EINVAL: arg#0 expected pointer to ctx, but got fp
    r1 = r10
    kcall bpf_cast_to_kern_ctx
    r0 = 0
    exit
