; A released mask is no source.
; type: tracepoint
; rejected EACCES: R2 type=scalar expected=fp
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    kcall bpf_cpumask_create
    if r0 == 0 goto one
    r7 = r0
    r1 = r7
    kcall bpf_cpumask_release
    r1 = r6
    r2 = r7
    r3 = r6
    kcall bpf_cpumask_xor
one:
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
