; A byte of the packet is loaded while R6 does not hold the context.
; rejected EINVAL: at the time of BPF_LD_ABS|IND R6 != pointer to skb
    r6 = 0
    r0 = *(u8 *)skb[0]
    exit
