; A number is no control group.
; type: tracepoint
; rejected EINVAL: arg#0 pointer type STRUCT cgroup must point to scalar, or struct with scalar
    r1 = 1
    kcall bpf_cgroup_acquire
    if r0 == 0 goto out
    r1 = r0
    kcall bpf_cgroup_release
out:
    r0 = 0
    exit
