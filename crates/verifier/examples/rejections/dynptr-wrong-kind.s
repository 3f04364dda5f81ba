; A dynptr to a socket buffer is given up by the call for files.
; kernel: 6.19
; rejected EINVAL: Expected a dynptr of type file as arg #0
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    kcall bpf_dynptr_file_discard
    r0 = 0
    exit
