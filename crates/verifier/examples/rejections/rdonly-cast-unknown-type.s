; No kernel has so many types.
; type: tracepoint
; rejected EINVAL: Unknown type ID 268435455 passed to kfunc bpf_rdonly_cast
    r1 = 0
    r2 = 268435455
    kcall bpf_rdonly_cast
    r0 = 0
    exit
