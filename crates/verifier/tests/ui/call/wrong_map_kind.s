; A ring buffer has no elements.
; map rb: ringbuf 0 0 4096
; rejected EACCES: invalid zero-sized read
; insns: 5
    r2 = r10
    r2 += -8
    *(u64 *)(r2 +0) = 0
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    r0 = 0
    exit
