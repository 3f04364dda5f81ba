; No helper has this number.
; rejected EINVAL: invalid func unknown#9999
    call 9999
    r0 = 0
    exit
