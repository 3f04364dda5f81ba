; A callback loads a byte of the packet.
; kernel: 6.12
; func main: int (ctx ptr:__sk_buff)
; func looped: int (i u64, c ptr:void)
; rejected EINVAL: cannot use BPF_LD_[ABS|IND] within callback
    r1 = 10
    r2 = subprog[looped]
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
looped:
    r0 = *(u8 *)skb[0]
    exit
