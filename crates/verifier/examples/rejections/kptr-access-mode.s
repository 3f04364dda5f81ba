; A pointer to a kernel object is changed by an atomic operation.
; type: tracepoint
; struct val 8: t untrusted:task_struct 0
; map m: array 4 8 1 0 val
; rejected EACCES: kptr in map can only be accessed using BPF_MEM instruction mode
    r1 = map[fd:0][0]+0
    r2 = 1
    lock *(u64 *)(r1 +0) += r2
    r0 = 0
    exit
