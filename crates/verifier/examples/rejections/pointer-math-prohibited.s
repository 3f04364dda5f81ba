; Something is added to a pointer to a map.
; map m: array 4 8 1
; rejected EACCES: R1 pointer arithmetic on map_ptr prohibited
    r1 = map[fd:0]
    r1 += 8
    r0 = 0
    exit
