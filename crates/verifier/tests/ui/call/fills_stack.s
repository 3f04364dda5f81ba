; A helper initialises the stack that it fills.
; type: perf_event
; accepted
; insns: 7
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call bpf_probe_read_kernel#113
    r0 = *(u64 *)(r10 -8)
    exit
