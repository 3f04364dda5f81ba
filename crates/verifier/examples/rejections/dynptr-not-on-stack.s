; The context is passed as a dynptr.
; rejected EINVAL: arg#0 expected pointer to stack or const struct bpf_dynptr
    kcall bpf_dynptr_size
    r0 = 0
    exit
