; A dynptr takes two whole slots of the stack; this pointer leads to the middle of one.
; rejected EINVAL: Dynptr has to be an uninitialized dynptr
    r2 = 0
    r3 = r10
    r3 += -20
    kcall bpf_dynptr_from_skb
    r0 = 0
    exit
