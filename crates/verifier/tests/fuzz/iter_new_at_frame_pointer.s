; The other half of iter_at_frame_pointer: what creates the iterator writes it, and nothing may write there.
; type: xdp
; no btf
; rejected EACCES: invalid write to stack R1 off=0 size=8
    r1 = r10
    r2 = 1
    r3 = 0
    kcall bpf_iter_num_new
    r0 = 1
    exit
