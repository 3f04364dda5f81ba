; An offset lies outside of the map's value.
; map m: array 4 8 1
; rejected EINVAL: invalid access to map value pointer, value_size=8 off=8
    r1 = map[fd:0][0]+8
    r0 = 0
    exit
