; A hash has no value with an address.
; map m: hash 4 8 16
; rejected EINVAL: no direct value access support for this map type
    r1 = map[fd:0][0]+0
    r0 = 0
    exit
