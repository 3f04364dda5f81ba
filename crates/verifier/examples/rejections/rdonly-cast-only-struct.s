; Memory is looked at without a type, which Linux 6.12 does not know.
; type: tracepoint
; kernel: 6.12
; rejected EINVAL: kfunc bpf_rdonly_cast type ID argument must be of a struct
    r1 = 0
    r2 = 0
    kcall bpf_rdonly_cast
    r0 = 0
    exit
