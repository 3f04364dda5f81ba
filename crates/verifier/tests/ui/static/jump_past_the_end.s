; A jump leads out of the program.
; rejected EINVAL: jump out of range from insn 0 to 5
    goto pc+4
    r0 = 0
    exit
