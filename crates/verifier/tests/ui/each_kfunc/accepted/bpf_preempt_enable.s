; Preemption is counted, and ends as it began.
; type: tracepoint
; accepted
    kcall bpf_preempt_disable
    kcall bpf_preempt_disable
    kcall bpf_preempt_enable
    kcall bpf_preempt_enable
    r0 = 0
    exit
