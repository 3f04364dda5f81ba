; What a tracing program attaches to is not one of the kernel's types.
; type: tracing
; attach: trace_raw_tp
; target: #1000000
; rejected EINVAL: attach_btf_id 1000000 is invalid
    r0 = 0
    exit
