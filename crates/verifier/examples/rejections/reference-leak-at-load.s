; A byte of the packet is loaded, which may end the program, while a record is held.
; kernel: 6.12
; map rb: ringbuf 0 0 4096
; rejected EINVAL: BPF_LD_[ABS|IND] cannot be mixed with socket references
    r6 = r1
    r1 = map[fd:0]
    r2 = 8
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto out
    r7 = r0
    r0 = *(u8 *)skb[0]
    r1 = r7
    r2 = 0
    call bpf_ringbuf_discard#133
out:
    r0 = 0
    exit
