; Memory and its size go together.
; type: tracepoint
; rejected EINVAL: arg#1 arg#2 memory, len pair leads to invalid memory access
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r0
    r2 = r10
    r2 += -8
    r3 = 16
    kcall bpf_cpumask_populate
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
