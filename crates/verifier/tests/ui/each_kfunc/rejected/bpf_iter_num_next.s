; An iterator that was not begun has no next number.
; type: tracepoint
; rejected EINVAL: expected an initialized iter_num as arg #0
    r1 = r10
    r1 += -8
    kcall bpf_iter_num_next
    r0 = 0
    exit
