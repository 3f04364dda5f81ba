; An index into a map's value may be negative.
; type: tracepoint
; map m: array 4 64 1
; rejected EACCES: R1 min value is negative, either use unsigned index or do a if (index >=0) check.
    r2 = *(u64 *)(r1 +8)
    if r2 s> 32 goto out
    if r2 s< -8 goto out
    r1 = map[fd:0][0]+0
    r1 += r2
    r0 = *(u8 *)(r1 +0)
out:
    r0 = 0
    exit
