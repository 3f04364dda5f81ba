; The first function does not begin with the program.
; func_info: 1 f0
; rejected EINVAL: nonzero insn_off 1 for the first func info record
    r0 = 0
    exit
