; A loop over an iterator converges.
; accepted
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    kcall bpf_iter_num_new
next:
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_next
    if r0 != 0 goto next
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_destroy
    r0 = 0
    exit
