; The work queue lies on the stack, which is gone when the work is done.
; type: sched_cls
; rejected EINVAL: arg#0 doesn't point to a map value
    r1 = r10
    r1 += -16
    r2 = 0
    kcall bpf_wq_start
    r0 = 0
    exit
