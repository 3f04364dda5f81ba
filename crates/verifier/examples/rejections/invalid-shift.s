; A 32-bit number is shifted by 32.
; rejected EINVAL: invalid shift 32
    w0 = 1
    w0 <<= 32
    exit
