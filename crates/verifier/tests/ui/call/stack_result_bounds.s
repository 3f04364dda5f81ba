; Bytes of a stack fit in the buffer, or the result is an error.
; type: perf_event
; accepted
; insns: 9
    r2 = r10
    r2 += -64
    r3 = 64
    r4 = 0
    call bpf_get_stack#67
    if r0 s> 64 goto bad
    if r0 s< -4095 goto bad
    r0 = 0
    exit
bad: r0 = r9
    exit
