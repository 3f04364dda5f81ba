; A value that holds a pointer to a kernel object is passed to a call that writes it.
; type: tracepoint
; struct val 16: t kptr:task_struct 0, x u64 8
; map m: array 4 16 1 0 val
; rejected EACCES: kptr cannot be accessed indirectly by helper
    r1 = map[fd:0][0]+0
    r2 = 16
    call bpf_get_current_comm#16
    r0 = 0
    exit
