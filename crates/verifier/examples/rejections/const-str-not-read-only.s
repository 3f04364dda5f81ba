; The format lies in a map that can change.
; type: perf_event
; map f: array 4 8 1
; rejected EACCES: R3 does not point to a readonly map'
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = map[fd:0][0]+0
    r4 = 0
    r5 = 0
    call bpf_snprintf#165
    r0 = 0
    exit
