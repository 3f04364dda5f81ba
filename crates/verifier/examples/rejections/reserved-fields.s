; A jump has a number in a field that it does not use.
; rejected EINVAL: BPF_JA uses reserved fields
    .insn code=0x05 off=0 imm=1
    r0 = 0
    exit
