; A pointer whose reference is counted is overwritten.
; type: tracepoint
; struct val 8: t kptr:task_struct 0
; map m: array 4 8 1 0 val
; rejected EACCES: store to referenced kptr disallowed
    r1 = map[fd:0][0]+0
    *(u64 *)(r1 +0) = 0
    r0 = 0
    exit
