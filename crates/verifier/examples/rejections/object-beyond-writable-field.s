; A congestion control writes more than the field that it may change.
; type: struct_ops
; struct_ops: tcp_congestion_ops.ssthresh
; rejected EACCES: write access at off 1452 with size 8 beyond the member of tcp_sock ended at 1456
    r1 = *(u64 *)(r1 +0)
    *(u64 *)(r1 +koff:tcp_sock.snd_cwnd) = 0
    r0 = 0
    exit
