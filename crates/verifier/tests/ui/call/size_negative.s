; A size may be negative.
; type: socket_filter
; rejected EACCES: R2 min value is negative, either use unsigned or 'var &= const'
; insns: 8
    r6 = *(u32 *)(r1 +0)
    r6 <<= 32
    r6 s>>= 32
    r1 = r10
    r1 += -8
    r2 = r6
    r3 = 0
    call bpf_probe_read_kernel#113
    r0 = 0
    exit
