; The data of the format is half a number.
; type: perf_event
; map f: array 4 8 1 128 "%d\0"
; rejected EINVAL: 9: (85) call bpf_snprintf#165
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -16
    r2 = 8
    r3 = map[fd:0][0]+0
    r4 = r10
    r4 += -8
    r5 = 4
    call bpf_snprintf#165
    r0 = 0
    exit
