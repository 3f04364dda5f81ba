; A dynptr of the packet is made.
; type: xdp
; accepted
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_xdp
    r0 = 0
    exit
