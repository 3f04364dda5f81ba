; The bounds of what is no dynptr are moved.
; type: sched_cls
; rejected EINVAL: Expected an initialized dynptr as arg #0
    *(u64 *)(r10 -16) = 0
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -16
    r2 = 1
    r3 = 4
    kcall bpf_dynptr_adjust
    r0 = 0
    exit
