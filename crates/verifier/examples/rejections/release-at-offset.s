; The record is given up by a pointer to its middle.
; map rb: ringbuf 0 0 4096
; rejected EINVAL: R1 must have zero offset when passed to release func or trusted arg to kfunc
    r1 = map[fd:0]
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto out
    r1 = r0
    r1 += 8
    r2 = 0
    call bpf_ringbuf_submit#132
out:
    r0 = 0
    exit
