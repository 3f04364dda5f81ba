; Stack that is no dynptr is asked what it is.
; type: sched_cls
; rejected EINVAL: Expected an initialized dynptr as arg #0
    *(u64 *)(r10 -16) = 0
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -16
    kcall bpf_dynptr_size
    r0 = 0
    exit
