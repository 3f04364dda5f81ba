; A jump leads into another function.
; rejected EINVAL: jump out of range from insn 1 to 4
    call pc+3
    if r0 == 0 goto pc+2
    r0 = 0
    exit
    r0 = 1
    exit
