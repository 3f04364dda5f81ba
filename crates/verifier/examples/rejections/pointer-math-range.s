; A number that may be minus one gigabyte is added to a pointer.
; type: tracepoint
; map m: array 4 8 1
; rejected EINVAL: value -1073741824 makes map_value pointer be out of bounds
    r2 = *(u64 *)(r1 +8)
    if r2 s< -1073741824 goto out
    r1 = map[fd:0][0]+0
    r1 += r2
out:
    r0 = 0
    exit
