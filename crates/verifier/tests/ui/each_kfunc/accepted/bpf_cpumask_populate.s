; Memory is copied into a mask.
; type: tracepoint
; accepted
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    *(u64 *)(r10 -8) = 3
    r1 = r6
    r2 = r10
    r2 += -8
    r3 = 8
    kcall bpf_cpumask_populate
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
