; A dynptr of a packet is made where another one lies by half.
; type: xdp
; rejected EINVAL: Dynptr has to be an uninitialized dynptr
    r6 = r1
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_xdp
    r1 = r6
    r2 = 0
    r3 = r10
    r3 += -12
    kcall bpf_dynptr_from_xdp
    r0 = 0
    exit
