; A function is listed at an insn at which none begins.
; func_info: 0 f0, 3 f2
; rejected EINVAL: func_info BTF section doesn't match subprog layout in BPF program
    call f
    exit
f:
    r0 = 0
    exit
