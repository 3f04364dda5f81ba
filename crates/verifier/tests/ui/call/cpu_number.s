; A CPU number is below the number of CPUs.
; accepted
; insns: 7
    call bpf_get_smp_processor_id#8
    r1 = r10
    r1 += -8
    *(u64 *)(r10 -8) = 0
    if r0 > 255 goto bad
    r0 = 0
    exit
bad: r0 = r9
    exit
