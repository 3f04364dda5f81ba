; A pointer is converted to an arena's address space in a program without an arena.
; type: syscall
; sleepable
; rejected EINVAL: addr_space_cast insn can only be used in a program that has an associated arena
    .insn code=0xbf dst=1 src=1 off=1 imm=1
    r0 = 0
    exit
