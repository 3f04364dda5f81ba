; A work queue in `m` is set up with `n`.
; type: sched_cls
; struct val 16: w bpf_wq 0
; map m: array 4 16 1 0 val
; map n: array 4 16 1 0 val
; rejected EINVAL: workqueue pointer in R1 map_uid=0 doesn't match map pointer in R2 map_uid=0
    r1 = map[fd:0][0]+0
    r2 = map[fd:1]
    r3 = 0
    kcall bpf_wq_init
    r0 = 0
    exit
