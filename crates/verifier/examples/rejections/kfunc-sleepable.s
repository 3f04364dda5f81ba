; Copying from user space may wait for a page, and a tracepoint must not wait.
; type: tracepoint
; rejected EACCES: program must be sleepable to call sleepable kfunc bpf_copy_from_user_str
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    r4 = 0
    kcall bpf_copy_from_user_str
    r0 = 0
    exit
