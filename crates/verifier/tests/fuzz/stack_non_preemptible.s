; The stack of a sleepable program's own task, in a region that may not sleep.
; type: kprobe
; sleepable
; accepted
    r6 = r1
    kcall bpf_preempt_disable
    *(u64 *)(r10 -64) = 0
    r1 = r6
    r2 = r10
    r2 += -64
    r3 = 8
    r4 = 0
    call bpf_get_stack#67
    kcall bpf_preempt_enable
    r0 = 0
    exit
