; A CPU mask is an object of the kernel's, not one that the program allocated by its type.
; type: tracepoint
; rejected EINVAL: arg#0 expected pointer to allocated object
    kcall bpf_cpumask_create
    if r0 == 0 goto out
    r1 = r0
    r2 = 0
    kcall bpf_obj_drop_impl
out:
    r0 = 0
    exit
