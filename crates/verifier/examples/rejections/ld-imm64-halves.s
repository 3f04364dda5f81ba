; The second half of a 64-bit constant is another insn.
; rejected EINVAL: invalid bpf_ld_imm64 insn
    .insn code=0x18 dst=0
    exit
