; Copying from user space may wait for a page, and the kernel would wait for the program to leave its section.
; type: syscall
; sleepable
; rejected EACCES: kernel func bpf_copy_from_user_str is sleepable within rcu_read_lock region
    kcall bpf_rcu_read_lock
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    r4 = 0
    kcall bpf_copy_from_user_str
    r0 = 0
    exit
