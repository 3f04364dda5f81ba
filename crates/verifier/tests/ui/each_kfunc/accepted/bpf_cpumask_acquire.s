; One mask is held twice, and released as often.
; type: tracepoint
; accepted
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    kcall bpf_cpumask_acquire
    r1 = r0
    kcall bpf_cpumask_release
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
