; A tracepoint may be hit while the lock is held that this walk takes.
; type: tracepoint
; rejected EINVAL: css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 0
    kcall bpf_iter_css_task_new
    r0 = 0
    exit
