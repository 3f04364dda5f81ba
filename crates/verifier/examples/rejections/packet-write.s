; A program that may only read the packet writes to it.
; type: cgroup_skb
; rejected EACCES: cannot write into packet
    r2 = *(u32 *)(r1 +76)
    *(u8 *)(r2 +0) = 0
    r0 = 0
    exit
