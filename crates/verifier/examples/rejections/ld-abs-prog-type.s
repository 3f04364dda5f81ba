; A tracepoint program loads a byte of a packet.
; type: tracepoint
; rejected EINVAL: BPF_LD_[ABS|IND] instructions not allowed for this program type
    r6 = r1
    r0 = *(u8 *)skb[0]
    exit
