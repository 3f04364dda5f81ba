; An insn names register 11.
; rejected EINVAL: R11 is invalid
    .insn code=0xbf dst=0 src=11
    exit
