; A program implements a member that is a name, not a function.
; type: struct_ops
; struct_ops: tcp_congestion_ops.name
; rejected EINVAL: attach to invalid member name(@idx 11) of struct tcp_congestion_ops
    r0 = 0
    exit
