; A load has a number in a field that it does not use.
; rejected EINVAL: BPF_LDX uses reserved fields
    .insn code=0x61 dst=0 src=1 off=0 imm=1
    exit
