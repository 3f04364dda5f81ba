; The control group is checked for null.
; type: tracepoint
; rejected EACCES: Possibly NULL pointer passed to trusted arg1
    r1 = 1
    kcall bpf_cgroup_from_id
    r6 = r0
    call bpf_get_current_task_btf#158
    r1 = r0
    r2 = r6
    kcall bpf_task_under_cgroup
    if r6 == 0 goto out
    r1 = r6
    kcall bpf_cgroup_release
out:
    r0 = 0
    exit
