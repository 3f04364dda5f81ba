; The context is passed as an iterator.
; rejected EINVAL: arg#0 expected pointer to an iterator on stack
    r2 = 0
    r3 = 10
    kcall bpf_iter_num_new
    r0 = 0
    exit
