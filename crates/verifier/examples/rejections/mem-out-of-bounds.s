; A program writes beyond the memory that it reserved in a ring buffer.
; map ring: ringbuf 0 0 4096
; rejected EACCES: R0 min value is outside of the allowed memory range
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto out
    *(u64 *)(r0 +8) = 0
out:
    r0 = 0
    exit
