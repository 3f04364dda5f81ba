; The socket buffer is passed as the context, not as memory on the stack.
; rejected EINVAL: arg#0 expected pointer to ctx, but got fp
    r1 = r10
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r0 = 0
    exit
