; An iterator is not begun in the place of one that lives.
; type: tracepoint
; rejected EINVAL: expected uninitialized iter_num as arg #0
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    kcall bpf_iter_num_new
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
