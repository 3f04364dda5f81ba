; A pointer to user memory is overwritten.
; type: tracing
; attach: trace_raw_tp
; target: typedef:btf_trace_task_newtask
; struct data 8: x u64 0
; struct val 8: p uptr:data 0
; map m: task_storage 4 8 0 1 val
; rejected EACCES: store to uptr disallowed
    r2 = *(u64 *)(r1 +0)
    r1 = map[fd:0]
    r3 = 0
    r4 = 0
    call bpf_task_storage_get#156
    if r0 == 0 goto out
    *(u64 *)(r0 +0) = 0
out:
    r0 = 0
    exit
