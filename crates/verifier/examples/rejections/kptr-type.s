; A pointer to the stack is stored where a pointer to a kernel object is kept.
; type: tracepoint
; struct val 8: t untrusted:task_struct 0
; map m: array 4 8 1 0 val
; rejected EACCES: invalid kptr access, R10 type=fp expected=ptr_task_struct or untrusted_ptr_task_struct
    r1 = map[fd:0][0]+0
    *(u64 *)(r1 +0) = r10
    r0 = 0
    exit
