; How much is reserved is only known when the program runs.
; map rb: ringbuf 0 0 4096
; rejected EACCES: R2 is not a known constant'
    call bpf_get_prandom_u32#7
    r2 = r0
    r2 &= 15
    r1 = map[fd:0]
    r3 = 0
    call bpf_ringbuf_reserve#131
    r0 = 0
    exit
