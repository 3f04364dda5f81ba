; The struct with the numbers must be whole.
; type: perf_event
; kernel: 6.19
; rejected EINVAL: invalid read from stack R3 off=-16 size=24
    call bpf_get_current_task_btf#158
    r6 = r0
    r1 = r6
    r2 = *(u64 *)(r6 +koff:task_struct.cpus_ptr)
    r3 = r10
    r3 += -16
    kcall __scx_bpf_select_cpu_and
    r0 = 0
    exit
