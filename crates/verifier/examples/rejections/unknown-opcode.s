; An insn has a code that Linux does not know.
; rejected EINVAL: unknown opcode ff
    .insn code=0xff
    exit
