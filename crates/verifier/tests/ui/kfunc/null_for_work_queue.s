; No kfunc takes null that does not say so.
; type: sched_cls
; kernel: 7.2
; rejected EACCES: Possibly NULL pointer passed to trusted arg0
    r1 = 0
    r2 = 0
    kcall bpf_wq_start
    r0 = 0
    exit
