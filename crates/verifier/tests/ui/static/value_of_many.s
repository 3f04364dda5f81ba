; An array of several elements has no value with an address.
; map m: array 4 8 2
; rejected ENOTSUPP: invalid access to map value pointer, value_size=8 off=0
    r1 = map[fd:0][0]+0
    r0 = 0
    exit
