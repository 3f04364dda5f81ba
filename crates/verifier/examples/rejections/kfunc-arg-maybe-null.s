; The mask may be missing when memory is short, and is released without a look.
; type: tracepoint
; rejected EACCES: Possibly NULL pointer passed to trusted arg0
    kcall bpf_cpumask_create
    r1 = r0
    kcall bpf_cpumask_release
    r0 = 0
    exit
