; A record is reserved and never given up.
; map rb: ringbuf 0 0 4096
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    call bpf_ringbuf_reserve#131
    r0 = 0
    exit
