; A record is reserved, compared with null, and submitted.
; map rb: ringbuf 0 0 4096
; accepted
; insns: 11
    r1 = map[fd:0]
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto out
    r1 = r0
    r2 = 0
    call bpf_ringbuf_submit#132
out: r0 = 0
    exit
