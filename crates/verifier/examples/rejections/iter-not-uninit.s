; A loop is started in the variable of another one that has not ended.
; rejected EINVAL: expected uninitialized iter_num as arg #0
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    kcall bpf_iter_num_new
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    kcall bpf_iter_num_new
    r0 = 0
    exit
