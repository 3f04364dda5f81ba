; A format in a read-only map is checked with the program.
; map f: array 4 8 1 128 "%d\0"
; type: perf_event
; accepted
; insns: 11
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = map[fd:0][0]+0
    r4 = r10
    r4 += -16
    *(u64 *)(r4 +0) = 1
    r5 = 8
    call bpf_snprintf#165
    r0 = 0
    exit
