; The control group is checked for null.
; type: tracepoint
; rejected EACCES: Possibly NULL pointer passed to trusted arg0
    call bpf_get_current_task_btf#158
    r1 = r0
    r2 = 1
    kcall bpf_task_get_cgroup1
    r1 = r0
    kcall bpf_cgroup_release
    r0 = 0
    exit
