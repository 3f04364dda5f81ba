; A control group is found by its number, and released.
; type: tracepoint
; accepted
    r1 = 1
    kcall bpf_cgroup_from_id
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    kcall bpf_cgroup_release
out:
    r0 = 0
    exit
