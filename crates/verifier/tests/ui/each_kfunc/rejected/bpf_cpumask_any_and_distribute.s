; A second mask that may not be there is refused.
; type: tracepoint
; rejected EACCES: Possibly NULL pointer passed to trusted arg1
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    kcall bpf_cpumask_create
    r7 = r0
    r1 = r6
    r2 = r7
    kcall bpf_cpumask_any_and_distribute
    if r7 == 0 goto one
    r1 = r7
    kcall bpf_cpumask_release
one:
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
