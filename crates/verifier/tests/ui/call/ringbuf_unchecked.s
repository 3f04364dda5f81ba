; A record is submitted before it is compared with null.
; map rb: ringbuf 0 0 4096
; rejected EACCES: R1 type=ringbuf_mem_or_null expected=ringbuf_mem
; insns: 7
    r1 = map[fd:0]
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve#131
    r1 = r0
    r2 = 0
    call bpf_ringbuf_submit#132
    r0 = 0
    exit
