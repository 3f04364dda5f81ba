; An offset into a map's value is half a gigabyte.
; map m: array 4 8 1
; rejected EINVAL: direct value offset of 536870912 is not allowed
    r1 = map[fd:0][0]+536870912
    r0 = 0
    exit
