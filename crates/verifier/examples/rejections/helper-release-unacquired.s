; Before 6.13 a callback may give up its own records alone, and not the one that its caller holds.
; kernel: 6.1
; map rb: ringbuf 0 0 4096
; rejected EINVAL: func bpf_ringbuf_discard#133 reference has not been acquired before
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto out
    *(u64 *)(r10 -8) = r0
    r1 = 1
    r2 = subprog[body]
    r3 = r10
    r3 += -8
    r4 = 0
    call bpf_loop#181
out:
    r0 = 0
    exit
body:
    r1 = *(u64 *)(r2 +0)
    r2 = 0
    call bpf_ringbuf_discard#133
    r0 = 0
    exit
