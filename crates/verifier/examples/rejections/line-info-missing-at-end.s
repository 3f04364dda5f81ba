; The last function has no line.
; line_info: 0 1
; rejected EINVAL: missing bpf_line_info for 1 funcs starting from func#1
    call f
    exit
f:
    r0 = 0
    exit
