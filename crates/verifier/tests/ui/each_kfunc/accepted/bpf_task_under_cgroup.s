; Whether a task is in a control group is asked.
; type: tracepoint
; accepted
    r1 = 1
    kcall bpf_cgroup_from_id
    if r0 == 0 goto out
    r6 = r0
    call bpf_get_current_task_btf#158
    r1 = r0
    r2 = r6
    kcall bpf_task_under_cgroup
    r1 = r6
    kcall bpf_cgroup_release
out:
    r0 = 0
    exit
