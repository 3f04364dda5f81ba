; An atomic operation works on two bytes.
; rejected EINVAL: invalid atomic operand size
    .insn code=0xcb dst=10 src=1 off=-8
    r0 = 0
    exit
