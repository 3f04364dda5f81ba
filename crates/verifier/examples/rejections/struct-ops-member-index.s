; A program implements an operation that the struct does not have.
; type: struct_ops
; struct_ops: tcp_congestion_ops#99
; rejected EINVAL: attach to invalid member idx 99 of struct tcp_congestion_ops
    r0 = 0
    exit
