; The size of a record is not known.
; map rb: ringbuf 0 0 4096
; rejected EACCES: R2 is not a known constant'
; insns: 5
    call bpf_get_prandom_u32#7
    r1 = map[fd:0]
    r2 = r0
    r3 = 0
    call bpf_ringbuf_reserve#131
    r0 = 0
    exit
