; A socket filter looks at packets and does not change them.
; rejected EINVAL: the prog does not allow writes to packet data
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 0
    r4 = 4
    kcall bpf_dynptr_slice_rdwr
    r0 = 0
    exit
