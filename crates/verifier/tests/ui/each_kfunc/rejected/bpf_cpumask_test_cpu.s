; The order of the arguments is CPU, mask.
; type: tracepoint
; rejected EINVAL: R1 is not a scalar
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = 0
    kcall bpf_cpumask_test_cpu
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
