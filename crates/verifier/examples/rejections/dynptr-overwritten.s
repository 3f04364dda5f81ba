; A record of the ring buffer is reserved, and the variable that tells of it is written over.
; map rb: ringbuf 0 0 4096
; rejected EINVAL: cannot overwrite referenced dynptr
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    r4 = r10
    r4 += -16
    call bpf_ringbuf_reserve_dynptr#198
    *(u64 *)(r10 -16) = 0
    r0 = 0
    exit
