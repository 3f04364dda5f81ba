; A record is reserved and never given up.
; kernel: 6.12
; map rb: ringbuf 0 0 4096
; rejected EINVAL: Unreleased reference id=2 alloc_insn=4
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    call bpf_ringbuf_reserve#131
    r0 = 0
    exit
