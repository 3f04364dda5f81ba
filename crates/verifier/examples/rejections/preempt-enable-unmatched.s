; Preemption is enabled, and was not disabled before.
; rejected EINVAL: unmatched attempt to enable preemption (kernel function bpf_preempt_enable)
    kcall bpf_preempt_enable
    r0 = 0
    exit
