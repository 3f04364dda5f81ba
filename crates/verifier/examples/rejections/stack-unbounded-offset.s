; The stack is read at an index that has no upper bound.
; type: tracepoint
; rejected EACCES: invalid unbounded variable-offset read from stack R1
    r2 = *(u64 *)(r1 +8)
    if r2 s< -64 goto out
    r1 = r10
    r1 += r2
    r0 = *(u8 *)(r1 +0)
out:
    r0 = 0
    exit
