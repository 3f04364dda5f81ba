; A pointer is subtracted from a number.
; rejected EACCES: R0 tried to subtract pointer from scalar
    r0 = 0
    r0 -= r1
    exit
