; No memory is passed, but a size that is not zero.
; type: sched_cls
; rejected EACCES: R1 type=scalar expected=fp
    r1 = 0
    r2 = 4
    r3 = 0
    r4 = 0
    r5 = 0
    call bpf_csum_diff#28
    r0 = 0
    exit
