; Memory of unknown length is not copied.
; type: tracepoint
; rejected EACCES: arg#1 arg#2 memory, len pair leads to invalid memory access
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    call bpf_ktime_get_ns#5
    r1 = r6
    r2 = r10
    r2 += -8
    r3 = r0
    kcall bpf_cpumask_populate
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
