; The level of an ancestor is a number.
; type: tracepoint
; rejected EINVAL: R2 is not a scalar
    r1 = 1
    kcall bpf_cgroup_from_id
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = r6
    kcall bpf_cgroup_ancestor
    if r0 == 0 goto one
    r1 = r0
    kcall bpf_cgroup_release
one:
    r1 = r6
    kcall bpf_cgroup_release
out:
    r0 = 0
    exit
