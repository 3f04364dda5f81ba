; A control group is held twice, and released as often.
; type: tracepoint
; accepted
    r1 = 1
    kcall bpf_cgroup_from_id
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    kcall bpf_cgroup_acquire
    if r0 == 0 goto one
    r1 = r0
    kcall bpf_cgroup_release
one:
    r1 = r6
    kcall bpf_cgroup_release
out:
    r0 = 0
    exit
