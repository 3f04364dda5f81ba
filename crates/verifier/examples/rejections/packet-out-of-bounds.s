; A byte of the packet is read that was never compared with the packet's end.
; type: xdp
; rejected EACCES: R2 offset is outside of the packet
    r2 = *(u32 *)(r1 +0)
    r0 = *(u8 *)(r2 +0)
    exit
