; A byte after a slice is written.
; type: sched_cls
; rejected EACCES: R0 min value is outside of the allowed memory range
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
    *(u8 *)(r0 +4) = 1
out:
    r0 = 0
    exit
