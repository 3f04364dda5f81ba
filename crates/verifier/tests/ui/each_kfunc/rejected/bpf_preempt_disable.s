; Preemption must be enabled again.
; type: tracepoint
; rejected EINVAL: BPF_EXIT instruction in main prog cannot be used inside bpf_preempt_disable-ed region
    kcall bpf_preempt_disable
    r0 = 0
    exit
