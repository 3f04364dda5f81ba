; The lock lies on the stack, where nobody else could take it.
; type: sched_cls
; rejected EINVAL: arg#0 doesn't point to map value or allocated object
    r1 = r10
    r1 += -8
    kcall bpf_res_spin_lock
    r0 = 0
    exit
