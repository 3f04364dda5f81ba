; A pointer to a kernel object is read at an index that is not constant.
; type: tracepoint
; struct val 16: t kptr:task_struct 0, x u64 8
; map m: array 4 16 1 0 val
; rejected EACCES: kptr access cannot have variable offset
    r2 = *(u64 *)(r1 +8)
    r2 &= 8
    r1 = map[fd:0][0]+0
    r1 += r2
    r0 = *(u64 *)(r1 +0)
    r0 = 0
    exit
