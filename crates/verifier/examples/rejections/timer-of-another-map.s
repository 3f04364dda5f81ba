; The timer lies in an inner map that another look-up found.
; type: sched_cls
; struct val 16: t bpf_timer 0
; map i: array 4 16 1 0 val
; map o: array_of_maps 4 4 2 inner=i
; rejected EINVAL: timer pointer in R1 map_uid=1 doesn't match map pointer in R2 map_uid=2
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:1]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    *(u32 *)(r10 -4) = 1
    r2 = r10
    r2 += -4
    r1 = map[fd:1]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r7 = r0
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = r6
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r1 = r0
    r2 = r7
    r3 = 1
    call bpf_timer_init#169
out:
    r0 = 0
    exit
