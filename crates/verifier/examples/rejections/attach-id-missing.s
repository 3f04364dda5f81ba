; A tracing program names nothing to attach to.
; type: tracing
; attach: trace_raw_tp
; rejected EINVAL: Tracing programs must provide btf_id
    r0 = 0
    exit
