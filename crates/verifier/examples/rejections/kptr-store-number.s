; A number is stored where a pointer to a kernel object is kept.
; type: tracepoint
; struct val 8: t untrusted:task_struct 0
; map m: array 4 8 1 0 val
; rejected EACCES: BPF_ST imm must be 0 when storing to kptr at off=0
    r1 = map[fd:0][0]+0
    *(u64 *)(r1 +0) = 5
    r0 = 0
    exit
