; Neither mask may be missing.
; type: tracepoint
; rejected EACCES: Possibly NULL pointer passed to trusted arg1
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = 0
    kcall bpf_cpumask_first_and
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
