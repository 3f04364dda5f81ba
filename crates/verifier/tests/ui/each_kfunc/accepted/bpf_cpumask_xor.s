; What only one of two masks has is kept in one of them.
; type: tracepoint
; accepted
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    kcall bpf_cpumask_create
    if r0 == 0 goto one
    r7 = r0
    r1 = r6
    r2 = r6
    r3 = r7
    kcall bpf_cpumask_xor
    r1 = r7
    kcall bpf_cpumask_release
one:
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
