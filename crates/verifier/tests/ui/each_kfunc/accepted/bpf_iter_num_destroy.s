; After its end the place serves another iterator.
; type: tracepoint
; accepted
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    kcall bpf_iter_num_new
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_destroy
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    kcall bpf_iter_num_new
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_destroy
    r0 = 0
    exit
