; A work for the current task lies in `m`, and is scheduled with `n`.
; type: tracepoint
; struct val 8: w bpf_task_work 0
; map m: array 4 8 1 0 val
; map n: array 4 8 1 0 val
; rejected EINVAL: bpf_task_work pointer in R2 map_uid=0 doesn't match map pointer in R3 map_uid=0
    call bpf_get_current_task_btf#158
    r1 = r0
    r2 = map[fd:0][0]+0
    r3 = map[fd:1]
    r4 = subprog[work]
    r5 = 0
    kcall bpf_task_work_schedule_signal_impl
    r0 = 0
    exit
work:
    r0 = 0
    exit
