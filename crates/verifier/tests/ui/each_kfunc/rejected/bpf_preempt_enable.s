; Preemption is not enabled once more than it was disabled.
; type: tracepoint
; rejected EINVAL: unmatched attempt to enable preemption (kernel function bpf_preempt_enable)
    kcall bpf_preempt_disable
    kcall bpf_preempt_enable
    kcall bpf_preempt_enable
    r0 = 0
    exit
