; The kernel's context of a socket filter is a socket buffer.
; accepted
    kcall bpf_cast_to_kern_ctx
    r0 = *(u64 *)(r0 +0)
    r0 = 0
    exit
