; The format lies on the stack, where it may change.
; type: tracepoint
; rejected EINVAL: arg#1 doesn't point to a const string
    *(u64 *)(r10 -8) = 0
    r1 = 1
    r2 = r10
    r2 += -8
    r3 = 0
    r4 = 0
    r5 = 0
    kcall bpf_stream_vprintk_impl
    r0 = 0
    exit
