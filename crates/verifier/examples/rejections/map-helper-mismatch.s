; A record is reserved in a hash.
; map m: hash 4 8 16
; rejected EINVAL: cannot pass map_type 1 into func bpf_ringbuf_reserve#131
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    call bpf_ringbuf_reserve#131
    r0 = 0
    exit
