; The task may be gone, so the pointer may be null; the walk takes null itself, but no such pointer.
; type: tracepoint
; rejected EINVAL: arg#1 is ptr_or_null_ expected ptr_ or socket
    r1 = 1
    kcall bpf_task_from_pid
    r1 = r10
    r1 += -24
    r2 = r0
    r3 = 0
    kcall bpf_iter_task_new
    r0 = 0
    exit
