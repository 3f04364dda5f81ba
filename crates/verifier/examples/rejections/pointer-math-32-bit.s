; The lower half of a pointer is added to.
; rejected EACCES: R1 32-bit pointer arithmetic prohibited
    w1 += 1
    r0 = 0
    exit
