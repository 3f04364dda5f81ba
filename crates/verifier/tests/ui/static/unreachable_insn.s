; No path leads to an insn.
; rejected EINVAL: unreachable insn 1
    goto out
    r1 = 1
out: r0 = 0
    exit
