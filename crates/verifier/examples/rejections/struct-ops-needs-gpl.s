; A program that implements an operation has no GPL-compatible licence.
; type: struct_ops
; struct_ops: tcp_congestion_ops.ssthresh
; license: none
; rejected EINVAL: struct ops programs must have a GPL compatible license
    r0 = 0
    exit
