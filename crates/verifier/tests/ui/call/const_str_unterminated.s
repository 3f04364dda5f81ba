; A text runs to the end of its map.
; map f: array 4 4 1 128 "abcd"
; type: perf_event
; rejected EINVAL: string is not zero-terminated
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
