; A program uses 65 maps.
; map m[65]: array 4 4 1
; rejected E2BIG: The total number of maps per program has reached the limit of 64
    repeat 65: r1 = map[fd:$]
    r0 = 0
    exit
