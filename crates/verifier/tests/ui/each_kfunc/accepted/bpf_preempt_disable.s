; Preemption is disabled around what must not be interrupted.
; type: tracepoint
; accepted
    kcall bpf_preempt_disable
    call bpf_get_smp_processor_id#8
    kcall bpf_preempt_enable
    r0 = 0
    exit
