; A callback takes a reference that it does not give up.
; map rb: ringbuf 0 0 4096
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
; insns: 16
    r1 = 1
    r2 = subprog[body]
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
body: r1 = map[fd:0]
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve#131
    r0 = 0
    exit
