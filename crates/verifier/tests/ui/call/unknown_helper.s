; A helper number that does not exist.
; rejected EINVAL: invalid func unknown#9999
; insns: 1
    call 9999
    exit
