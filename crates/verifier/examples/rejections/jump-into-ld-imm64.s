; A jump lands in the second half of a 64-bit constant.
; rejected EINVAL: jump into the middle of ldimm64 insn 1
    if r1 == 0 goto pc+1
    r0 = 0x1 ll
    exit
