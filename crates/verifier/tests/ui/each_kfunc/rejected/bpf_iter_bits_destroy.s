; An iterator of numbers is none of bits.
; type: tracepoint
; rejected EINVAL: expected an initialized iter_bits as arg #0
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    kcall bpf_iter_num_new
    r1 = r10
    r1 += -8
    kcall bpf_iter_bits_destroy
    r0 = 0
    exit
