; Copying from user space may wait for a page, and nothing else could run on this CPU meanwhile.
; type: syscall
; sleepable
; rejected EACCES: kernel func bpf_copy_from_user_str is sleepable within non-preemptible region
    kcall bpf_preempt_disable
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    r4 = 0
    kcall bpf_copy_from_user_str
    r0 = 0
    exit
