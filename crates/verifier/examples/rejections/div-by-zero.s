; A number is divided by the constant zero.
; rejected EINVAL: div by zero
    r0 = 1
    r0 /= 0
    exit
