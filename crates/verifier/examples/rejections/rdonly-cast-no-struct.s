; Memory is looked at as an `int`.
; type: tracepoint
; rejected EINVAL: kfunc bpf_rdonly_cast type ID argument must be of a struct or void
    r1 = 0
    r2 = ktype:int
    kcall bpf_rdonly_cast
    r0 = 0
    exit
