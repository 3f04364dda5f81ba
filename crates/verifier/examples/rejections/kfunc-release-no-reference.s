; The current task is there while the program runs; the program holds no reference to it that it could release.
; type: tracepoint
; rejected EINVAL: release kernel function bpf_task_release expects refcounted PTR_TO_BTF_ID
    call bpf_get_current_task_btf#158
    r1 = r0
    kcall bpf_task_release
    r0 = 0
    exit
