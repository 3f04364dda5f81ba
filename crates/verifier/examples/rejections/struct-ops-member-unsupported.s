; A program implements an operation that the kernel keeps for itself.
; type: struct_ops
; struct_ops: tcp_congestion_ops.get_info
; rejected ENOTSUPP: attach to unsupported member get_info of struct tcp_congestion_ops
    r0 = 0
    exit
