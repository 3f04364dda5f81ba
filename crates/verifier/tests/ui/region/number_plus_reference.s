; A number to which a pointer is added holds no reference: the sum outlives the record, and is still no number.
; map rb: ringbuf 0 0 4096
; rejected EACCES: invalid size of register fill
    r1 = map[fd:0]
    r2 = 32
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto out
    r6 = 8
    r6 += r0
    *(u64 *)(r10 -8) = r6
    r1 = r0
    r2 = 0
    call bpf_ringbuf_submit#132
    r0 = *(u8 *)(r10 -8)
out:
    r0 = 0
    exit
