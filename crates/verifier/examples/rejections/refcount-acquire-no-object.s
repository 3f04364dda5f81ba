; A reference is taken to a variable on the stack.
; type: sched_cls
; rejected EINVAL: arg#0 is neither owning or non-owning ref
    r1 = r10
    r1 += -8
    r2 = 0
    kcall bpf_refcount_acquire_impl
    r0 = 0
    exit
