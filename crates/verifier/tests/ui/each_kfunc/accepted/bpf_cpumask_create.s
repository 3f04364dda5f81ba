; A mask that is made is checked for null, and released.
; type: tracepoint
; accepted
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
