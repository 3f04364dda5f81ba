; A program refers to a map that registers operations.
; map ops: struct_ops 4 256 1 kernel=bpf_struct_ops_tcp_congestion_ops
; rejected EINVAL: bpf_struct_ops map cannot be used in prog
    r1 = map[fd:0]
    r0 = 0
    exit
