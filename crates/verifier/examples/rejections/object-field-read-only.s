; A congestion control writes to a field that it may not change.
; type: struct_ops
; struct_ops: tcp_congestion_ops.ssthresh
; rejected EACCES: no write support to tcp_sock at off 0
    r1 = *(u64 *)(r1 +0)
    *(u32 *)(r1 +0) = 0
    r0 = 0
    exit
