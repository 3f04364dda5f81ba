; The frame pointer is changed.
; rejected EACCES: frame pointer is read only
    r10 += -8
    r0 = 0
    exit
