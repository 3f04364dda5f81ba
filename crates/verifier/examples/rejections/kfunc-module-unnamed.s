; A module is named by its place in a list that was not passed.
; rejected EPROTO: failed to find BTF for kernel function
    .insn code=0x85 src=2 off=1 imm=1
    r0 = 0
    exit
