; User memory is copied while preemption is disabled.
; type: syscall
; sleepable
; rejected EINVAL: sleepable helper bpf_copy_from_user#148 in non-preemptible region
    kcall bpf_preempt_disable
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call bpf_copy_from_user#148
    kcall bpf_preempt_enable
    r0 = 0
    exit
