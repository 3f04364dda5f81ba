; A dynptr is used that no call has made.
; rejected EINVAL: Expected an initialized dynptr as arg #0
    r1 = r10
    r1 += -16
    kcall bpf_dynptr_size
    r0 = 0
    exit
