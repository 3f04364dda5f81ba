; The frame pointer itself stands for the first slot, since Linux rounds towards zero: an iterator that lies there can be
; destroyed through it. skep said: expected an initialized iter_num as arg #0.
; type: xdp
; no btf
; accepted
    r1 = r10
    r1 += -8
    r2 = 1
    r3 = 0
    kcall bpf_iter_num_new
    r1 = r10
    kcall bpf_iter_num_destroy
    r0 = 1
    exit
