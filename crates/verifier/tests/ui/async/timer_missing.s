; The value holds no timer.
; type: sched_cls
; struct val 24: x int 0, w bpf_wq 8
; map m: array 4 24 1 0 val
; rejected EINVAL: map 'm' has no valid bpf_timer
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 8
    r2 = 1
    r3 = 0
    call bpf_timer_start#171
out:
    r0 = 0
    exit
