; The format asks for a number with a fraction.
; type: perf_event
; map f: array 4 8 1 128 "%f\0"
; rejected EINVAL: Invalid format string
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -16
    r2 = 8
    r3 = map[fd:0][0]+0
    r4 = r10
    r4 += -8
    r5 = 8
    call bpf_snprintf#165
    r0 = 0
    exit
