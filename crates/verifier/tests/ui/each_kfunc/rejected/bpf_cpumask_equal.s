; A number is no mask.
; type: tracepoint
; rejected EACCES: R2 type=scalar expected=fp
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = 42
    kcall bpf_cpumask_equal
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
