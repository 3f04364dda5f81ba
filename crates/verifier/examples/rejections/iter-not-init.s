; An iterator is advanced that was not started.
; rejected EINVAL: expected an initialized iter_num as arg #0
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_next
    r0 = 0
    exit
