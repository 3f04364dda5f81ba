; A line begins in the second half of a 64-bit constant.
; line_info: 0 1, 1 2
; rejected EINVAL: Invalid insn code at line_info[1].insn_off
    r0 = 0x1 ll
    exit
