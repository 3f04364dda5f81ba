; A reference is released by a pointer into the object.
; type: tracepoint
; rejected EINVAL: R1 must have zero offset when passed to release func or trusted arg to kfunc
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r1 = r0
    r1 += 8
    kcall bpf_cpumask_release
out:
    r0 = 0
    exit
