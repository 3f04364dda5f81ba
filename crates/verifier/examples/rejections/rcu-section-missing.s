; A walk over tasks is started where nothing keeps them alive.
; type: syscall
; sleepable
; rejected EACCES: kernel func bpf_iter_task_new requires RCU critical section protection
    r1 = r10
    r1 += -24
    r2 = 0
    r3 = 0
    kcall bpf_iter_task_new
    r0 = 0
    exit
