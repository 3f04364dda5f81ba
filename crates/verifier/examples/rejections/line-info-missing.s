; The first insn of a function has no line.
; line_info: 0 1, 3 2
; rejected EINVAL: missing bpf_line_info for func#1
    call f
    exit
f:
    r0 = 0
    exit
