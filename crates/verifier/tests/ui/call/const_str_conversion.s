; A format asks for more numbers than there are.
; map f: array 4 8 1 128 "%d\0"
; type: perf_event
; rejected EINVAL: Invalid format string
; insns: 7
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = map[fd:0][0]+0
    r4 = 0
    r5 = 0
    call bpf_snprintf#165
    r0 = 0
    exit
