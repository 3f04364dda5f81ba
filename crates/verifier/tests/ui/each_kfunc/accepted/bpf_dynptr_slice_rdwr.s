; The bytes of a slice are used where there are any.
; type: sched_cls
; accepted
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
    if r0 == 0 goto out
    *(u8 *)(r0 +3) = 1
out:
    r0 = 0
    exit
