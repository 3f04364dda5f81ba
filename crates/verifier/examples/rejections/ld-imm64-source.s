; A 64-bit constant is of a kind that does not exist.
; rejected EINVAL: unrecognized bpf_ld_imm64 insn
    .insn code=0x18 dst=0 src=9
    .insn code=0
    exit
