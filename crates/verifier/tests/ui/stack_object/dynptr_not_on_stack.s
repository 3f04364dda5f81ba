; A dynptr must be on the stack.
; rejected EINVAL: arg#0 expected pointer to stack or const struct bpf_dynptr
    kcall bpf_dynptr_size
    r0 = 0
    exit
