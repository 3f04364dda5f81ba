; Two records of a ring buffer are passed to one call.
; type: sched_cls
; map rb: ringbuf 0 0 4096
; rejected EACCES: more than one arg with ref_obj_id R3 4 2
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto out
    r6 = r0
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto one
    r7 = r0
    *(u64 *)(r6 +0) = 0
    *(u64 *)(r7 +0) = 0
    r1 = r6
    r2 = 8
    r3 = r7
    r4 = 8
    r5 = 0
    call bpf_csum_diff#28
    r1 = r7
    r2 = 0
    call bpf_ringbuf_discard#133
one:
    r1 = r6
    r2 = 0
    call bpf_ringbuf_discard#133
out:
    r0 = 0
    exit
