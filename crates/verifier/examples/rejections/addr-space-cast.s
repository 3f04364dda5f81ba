; A pointer is converted to an address space that does not exist.
; type: syscall
; sleepable
; rejected EINVAL: addr_space_cast insn can only convert between address space 1 and 0
    .insn code=0xbf dst=1 src=1 off=1 imm=7
    r0 = 0
    exit
