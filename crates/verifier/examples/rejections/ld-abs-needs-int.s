; A function that returns nothing loads a byte of the packet.
; func main: int (ctx ptr:__sk_buff)
; func f: void (ctx ptr:__sk_buff)
; rejected EINVAL: LD_ABS is only allowed in functions that return 'int'.
    call f
    r0 = 0
    exit
f:
    r6 = r1
    r0 = *(u8 *)skb[0]
    exit
