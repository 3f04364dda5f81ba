; Memory of the kernel is read by a program without a free licence.
; type: perf_event
; license: none
; rejected EINVAL: cannot call GPL-restricted function from non-GPL compatible program
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call bpf_probe_read_kernel#113
    r0 = 0
    exit
