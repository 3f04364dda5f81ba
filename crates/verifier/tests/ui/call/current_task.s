; The running task is a kernel object whose fields can be read.
; type: perf_event
; accepted
; insns: 4
    call bpf_get_current_task_btf#158
    r0 = *(u32 *)(r0 +0)
    r0 = 0
    exit
