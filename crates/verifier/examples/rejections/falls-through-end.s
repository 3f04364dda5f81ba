; A program ends without leaving.
; rejected EINVAL: last insn is not an exit or jmp
    r0 = 0
