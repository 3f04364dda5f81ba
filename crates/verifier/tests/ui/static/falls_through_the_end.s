; The last insn is neither exit nor jump.
; rejected EINVAL: last insn is not an exit or jmp
    r0 = 0
    r0 = 1
