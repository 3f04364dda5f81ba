; The control group of a task in an old hierarchy is found, and released.
; type: tracepoint
; accepted
    call bpf_get_current_task_btf#158
    r1 = r0
    r2 = 1
    kcall bpf_task_get_cgroup1
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    kcall bpf_cgroup_release
out:
    r0 = 0
    exit
