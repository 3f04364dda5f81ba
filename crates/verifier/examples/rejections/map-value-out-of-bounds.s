; An index may be one beyond the end of a map's value.
; type: tracepoint
; map m: array 4 64 1
; rejected EACCES: R1 max value is outside of the allowed memory range
    r2 = *(u64 *)(r1 +8)
    if r2 > 64 goto out
    r1 = map[fd:0][0]+0
    r1 += r2
    r0 = *(u8 *)(r1 +0)
out:
    r0 = 0
    exit
