; A mask that may not be there has no CPUs.
; type: tracepoint
; rejected EACCES: Possibly NULL pointer passed to trusted arg1
    kcall bpf_cpumask_create
    r6 = r0
    r1 = 0
    r2 = r0
    kcall bpf_cpumask_test_and_clear_cpu
    if r6 == 0 goto out
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
