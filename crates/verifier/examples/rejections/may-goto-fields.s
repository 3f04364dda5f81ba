; A jump that is bounded by a count has a number in a field that it does not use.
; rejected EINVAL: invalid may_goto imm 5
    .insn code=0xe5 off=1 imm=5
    r0 = 0
    exit
