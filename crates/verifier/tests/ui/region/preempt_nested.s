; Preemption is counted.
; type: syscall
; sleepable
; accepted
    kcall bpf_preempt_disable
    kcall bpf_preempt_disable
    kcall bpf_preempt_enable
    kcall bpf_preempt_enable
    r0 = 0
    exit
