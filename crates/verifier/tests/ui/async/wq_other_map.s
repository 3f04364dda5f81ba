; A work queue is started with another map.
; type: sched_cls
; struct val 24: x int 0, w bpf_wq 8
; map m: array 4 24 1 0 val
; map n: array 4 24 1 0 val
; rejected EINVAL: workqueue pointer in R1 map_uid=0 doesn't match map pointer in R2 map_uid=0
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 8
    r2 = map[fd:1]
    r3 = 0
    kcall bpf_wq_init
out:
    r0 = 0
    exit
