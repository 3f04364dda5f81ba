; A program for a tracepoint attaches to a typedef that is no tracepoint's.
; type: tracing
; attach: trace_raw_tp
; target: typedef:pid_t
; rejected EINVAL: attach_btf_id 65 points to wrong type name pid_t
    r0 = 0
    exit
