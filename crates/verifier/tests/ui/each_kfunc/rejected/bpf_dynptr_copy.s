; Bytes are copied from what is no dynptr.
; type: sched_cls
; rejected EINVAL: Expected an initialized dynptr as arg #2
    *(u64 *)(r10 -32) = 0
    *(u64 *)(r10 -24) = 0
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = r10
    r3 += -32
    r4 = 0
    r5 = 4
    kcall bpf_dynptr_copy
    r0 = 0
    exit
