; A record is submitted twice.
; map rb: ringbuf 0 0 4096
; rejected EACCES: R1 type=scalar expected=ringbuf_mem
; insns: 12
    r1 = map[fd:0]
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = 0
    call bpf_ringbuf_submit#132
    r1 = r6
    r2 = 0
    call bpf_ringbuf_submit#132
out: r0 = 0
    exit
