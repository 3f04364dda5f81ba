; A gigabyte is added to a pointer.
; rejected EINVAL: math between fp pointer and 1073741824 is not allowed
    r1 = r10
    r1 += 1073741824
    r0 = 0
    exit
