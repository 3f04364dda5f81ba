; Before 7.0 a kfunc says itself that null is not for it.
; type: sched_cls
; kernel: 6.12
; rejected EINVAL: arg#0 doesn't point to a map value
    r1 = 0
    r2 = 0
    kcall bpf_wq_start
    r0 = 0
    exit
