; An endless loop that changes its state each time is walked a million times.
; type: sched_cls
; rejected E2BIG: BPF program is too large. Processed 1000001 insn
    r0 = 0
again:
    r0 += 1
    if r0 < 100000000 goto again
    exit
