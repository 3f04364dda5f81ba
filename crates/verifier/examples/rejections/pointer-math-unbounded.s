; A number that may be negative without bound is added to a pointer.
; type: tracepoint
; map m: array 4 8 1
; rejected EINVAL: math between map_value pointer and register with unbounded min value is not allowed
    r2 = *(u64 *)(r1 +8)
    r1 = map[fd:0][0]+0
    r1 += r2
    r0 = 0
    exit
