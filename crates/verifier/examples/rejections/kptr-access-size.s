; Half of a pointer to a kernel object is read.
; type: tracepoint
; struct val 16: t kptr:task_struct 0, x u64 8
; map m: array 4 16 1 0 val
; rejected EACCES: kptr access size must be BPF_DW
    r1 = map[fd:0][0]+0
    r0 = *(u32 *)(r1 +0)
    exit
