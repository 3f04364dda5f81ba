; The number of the type to cast to is only known when the program runs.
; type: tracepoint
; rejected EINVAL: R2 must be a known constant
    call bpf_ktime_get_ns#5
    r2 = r0
    r1 = 8
    kcall bpf_rdonly_cast
    r0 = 0
    exit
