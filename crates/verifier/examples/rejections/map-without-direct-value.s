; The address of a value is taken of a map that has no value before it is set.
; map m: hash 4 8 1
; rejected EINVAL: no direct value access support for this map type
    r1 = map[fd:0][0]+0
    r0 = 0
    exit
