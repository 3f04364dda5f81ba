; An exception must not lose a reference.
; type: tracepoint
; rejected EINVAL: bpf_throw would lead to reference leak
    kcall bpf_cpumask_create
    r1 = 0
    kcall bpf_throw
    r0 = 0
    exit
