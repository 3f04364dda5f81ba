; The address of a task is no task.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar
    call bpf_get_current_task#35
    r1 = r0
    kcall scx_bpf_task_running
    r0 = 0
    exit
