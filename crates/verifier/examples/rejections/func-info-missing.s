; A program without types takes the address of a function.
; no btf
; rejected EINVAL: missing btf func_info
    r1 = 10
    r2 = subprog[f]
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
f:
    r0 = 0
    exit
