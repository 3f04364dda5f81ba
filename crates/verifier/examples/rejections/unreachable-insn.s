; No path leads to an insn.
; rejected EINVAL: unreachable insn 2
    r0 = 0
    goto out
    r0 = 1
out:
    exit
