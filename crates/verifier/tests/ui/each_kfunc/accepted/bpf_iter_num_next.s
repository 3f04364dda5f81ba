; A number is read.
; type: tracepoint
; accepted
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    kcall bpf_iter_num_new
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_next
    if r0 == 0 goto done
    r1 = *(u32 *)(r0 +0)
done:
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_destroy
    r0 = 0
    exit
