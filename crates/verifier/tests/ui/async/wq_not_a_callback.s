; A number is no callback.
; type: sched_cls
; struct val 24: x int 0, w bpf_wq 8
; map m: array 4 24 1 0 val
; rejected EINVAL: arg1 expected pointer to func
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
    r4 = 0
    kcall bpf_wq_set_callback_impl
out:
    r0 = 0
    exit
