; A line begins before the line that is listed before it.
; line_info: 0 1, 1 2, 1 3
; rejected EINVAL: Invalid line_info[2].insn_off:1 (prev_offset:1 prog->len:2)
    r0 = 0
    exit
