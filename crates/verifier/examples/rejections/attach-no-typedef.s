; A program for a tracepoint attaches to a function.
; type: tracing
; attach: trace_raw_tp
; target: bpf_fentry_test1
; rejected EINVAL: attach_btf_id 14569 is not a typedef
    r0 = 0
    exit
