; The context is passed from before its start.
; type: sched_cls
; rejected EACCES: negative offset ctx ptr R1 off=-8 disallowed
    r1 += -8
    call bpf_get_hash_recalc#34
    r0 = 0
    exit
