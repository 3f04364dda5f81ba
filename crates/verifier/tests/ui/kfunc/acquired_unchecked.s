; A kfunc that needs a trusted pointer is given one that may be null.
; type: tracepoint
; rejected EACCES: Possibly NULL pointer passed to trusted arg0
    kcall bpf_cpumask_create
    r1 = r0
    kcall bpf_cpumask_release
    r0 = 0
    exit
