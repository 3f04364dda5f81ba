; A call leads beyond the program's end.
; rejected EINVAL: call to invalid destination
    call pc+9
    exit
