; A released pointer is a mere number, which is no memory either.
; type: tracepoint
; rejected EACCES: R1 type=scalar expected=fp
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r0
    kcall bpf_cpumask_release
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
