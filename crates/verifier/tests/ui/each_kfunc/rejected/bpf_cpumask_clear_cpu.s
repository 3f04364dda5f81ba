; A CPU is a number.
; type: tracepoint
; rejected EINVAL: R1 is not a scalar
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = r6
    kcall bpf_cpumask_clear_cpu
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
