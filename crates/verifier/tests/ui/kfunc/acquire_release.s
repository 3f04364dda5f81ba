; A reference that a kfunc acquires is checked for null and released.
; type: tracepoint
; accepted
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r1 = r0
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
