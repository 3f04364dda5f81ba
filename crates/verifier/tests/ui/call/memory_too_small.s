; The stack is smaller than what is asked for.
; type: perf_event
; rejected EINVAL: invalid write to stack R1 off=-8 size=16
; insns: 5
    r1 = r10
    r1 += -8
    r2 = 16
    r3 = 0
    call bpf_probe_read_kernel#113
    r0 = 0
    exit
