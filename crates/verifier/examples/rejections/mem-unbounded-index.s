; An index into a map's value may be any number that is not negative.
; type: tracepoint
; map m: array 4 64 1
; rejected EACCES: R1 unbounded memory access, make sure to bounds check any such access
    r2 = *(u64 *)(r1 +8)
    if r2 s< 0 goto out
    r1 = map[fd:0][0]+0
    r1 += r2
    r0 = *(u8 *)(r1 +0)
out:
    r0 = 0
    exit
