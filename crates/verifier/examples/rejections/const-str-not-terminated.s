; A text runs to the end of its map.
; type: perf_event
; map f: array 4 4 1 128 "abcd"
; rejected EINVAL: string is not zero-terminated
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = map[fd:0][0]+0
    r4 = 0
    r5 = 0
    call bpf_snprintf#165
    r0 = 0
    exit
