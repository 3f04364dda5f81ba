; Two steps of half a gigabyte take a pointer too far.
; rejected EINVAL: fp pointer offset 1073741822 is not allowed
    r1 = r10
    r1 += 536870911
    r1 += 536870911
    r0 = 0
    exit
