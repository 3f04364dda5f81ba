; A loop of more rounds than the kernel walks.
; rejected E2BIG: BPF program is too large. Processed 1000001 insn
; insns: 1000001
    r0 = 0
loop: r0 += 1
    if r0 < 10000000 goto loop
    exit
