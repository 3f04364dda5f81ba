; The state that was saved first is restored while the second one is still there.
; rejected EACCES: cannot restore irq state out of order, expected id=2 acquired at insn_idx=5
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_save
    r1 = r10
    r1 += -16
    kcall bpf_local_irq_save
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_restore
    r0 = 0
    exit
