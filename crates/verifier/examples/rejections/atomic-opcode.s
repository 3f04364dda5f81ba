; An atomic operation has a code that Linux does not know.
; rejected EINVAL: BPF_ATOMIC uses invalid atomic opcode 30
    r2 = 1
    *(u64 *)(r10 -8) = 0
    .insn code=0xdb dst=10 src=2 off=-8 imm=0x30
    r0 = 0
    exit
