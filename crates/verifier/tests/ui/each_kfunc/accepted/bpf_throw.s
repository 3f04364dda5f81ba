; A program ends with what it throws.
; type: tracepoint
; accepted
    r1 = 7
    kcall bpf_throw
    r0 = 0
    exit
