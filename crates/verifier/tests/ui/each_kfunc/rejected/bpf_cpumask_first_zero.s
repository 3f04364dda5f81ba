; A released mask is a mere number.
; type: tracepoint
; rejected EACCES: R1 type=scalar expected=fp
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    kcall bpf_cpumask_release
    r1 = r6
    kcall bpf_cpumask_first_zero
out:
    r0 = 0
    exit
