; A helper that fills memory is given the current task.
; type: tracepoint
; rejected EACCES: bpf_probe_read_kernel() may write into memory pointed by R1 type=trusted_ptr_
    call bpf_get_current_task_btf#158
    r1 = r0
    r2 = 8
    r3 = 0
    call bpf_probe_read_kernel#113
    r0 = 0
    exit
