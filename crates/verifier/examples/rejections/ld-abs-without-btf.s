; A function without types loads a byte of the packet.
; no btf
; rejected EINVAL: LD_ABS is not allowed in subprogs without BTF
    r6 = r1
    call f
    exit
f:
    r6 = r1
    r0 = *(u8 *)skb[0]
    exit
