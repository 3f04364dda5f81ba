; A call leads outside the program.
; rejected EINVAL: call to invalid destination
    call pc+7
    exit
