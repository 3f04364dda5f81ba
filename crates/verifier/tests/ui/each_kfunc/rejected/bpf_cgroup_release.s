; A task is no control group.
; type: tracepoint
; rejected EINVAL: kernel function bpf_cgroup_release args#0 expected pointer to STRUCT cgroup but R1 has a pointer to STRUCT task_struct
    call bpf_get_current_task_btf#158
    r1 = r0
    kcall bpf_cgroup_release
    r0 = 0
    exit
