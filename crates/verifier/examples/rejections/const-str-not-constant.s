; Where the format begins depends on a number that is not known.
; type: perf_event
; map f: array 4 8 1 128 "a\0b\0c"
; rejected EACCES: R3 is not a constant address'
    call bpf_get_prandom_u32#7
    r0 &= 3
    r3 = map[fd:0][0]+0
    r3 += r0
    r1 = r10
    r1 += -8
    r2 = 8
    r4 = 0
    r5 = 0
    call bpf_snprintf#165
    r0 = 0
    exit
