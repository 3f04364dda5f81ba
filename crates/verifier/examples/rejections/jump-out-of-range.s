; A jump leads beyond the program's end.
; rejected EINVAL: jump out of range from insn 0 to 10
    if r1 == 0 goto pc+9
    r0 = 0
    exit
