; A task is a kernel object full of pointers; memory of the program's own cannot stand for one.
; type: tracepoint
; rejected EINVAL: arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar
    r1 = r10
    r1 += -8
    kcall bpf_task_release
    r0 = 0
    exit
