; No mask is not an empty one.
; type: tracepoint
; rejected EACCES: Possibly NULL pointer passed to trusted arg0
    r1 = 0
    kcall bpf_cpumask_empty
    r0 = 0
    exit
