; A slice of a socket buffer is checked for null and stays within its size.
; rejected EACCES: R0 min value is outside of the allowed memory range
    r6 = r1
    r1 = r6
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 0
    r4 = 4
    kcall bpf_dynptr_slice
    if r0 == 0 goto out
    r1 = *(u32 *)(r0 -4)
out:
    r0 = 0
    exit
