; Before 6.13 a callback must release its references before it returns.
; kernel: 6.12
; map rb: ringbuf 0 0 4096
; rejected EINVAL: Unreleased reference id=2 alloc_insn=12
    r1 = 1
    r2 = subprog[body]
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
body:
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto out
out:
    r0 = 0
    exit
