; The number of a bit is read.
; type: tracepoint
; accepted
    *(u64 *)(r10 -24) = 5
    r1 = r10
    r1 += -16
    r2 = r10
    r2 += -24
    r3 = 1
    kcall bpf_iter_bits_new
    r1 = r10
    r1 += -16
    kcall bpf_iter_bits_next
    if r0 == 0 goto done
    r1 = *(u32 *)(r0 +0)
done:
    r1 = r10
    r1 += -16
    kcall bpf_iter_bits_destroy
    r0 = 0
    exit
