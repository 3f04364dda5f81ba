; A mask that may not be there is not weighed.
; type: tracepoint
; rejected EACCES: Possibly NULL pointer passed to trusted arg0
    kcall bpf_cpumask_create
    r6 = r0
    r1 = r0
    kcall bpf_cpumask_weight
    if r6 == 0 goto out
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
