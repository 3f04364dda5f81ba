; Functions are not listed in the order of their insns.
; func_info: 0 f0, 0 f0
; rejected EINVAL: same or smaller insn offset (0) than previous func info record (0)
    r0 = 0
    exit
