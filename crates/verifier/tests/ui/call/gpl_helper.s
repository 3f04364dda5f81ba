; A helper for GPL programs only, in one that is not.
; type: perf_event
; license: none
; rejected EINVAL: cannot call GPL-restricted function from non-GPL compatible program
; insns: 6
    r1 = r10
    r1 += -8
    *(u64 *)(r1 +0) = 0
    r2 = 8
    r3 = 0
    call bpf_probe_read_kernel#113
    r0 = 0
    exit
