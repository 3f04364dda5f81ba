; Spills around a call that spares R1 are taken out, so that the frames fit.
; type: xdp
; accepted
    *(u64 *)(r10 -256) = 0
    r1 = 1
    *(u64 *)(r10 -264) = r1
    call bpf_get_smp_processor_id#8
    r1 = *(u64 *)(r10 -264)
    call f
    exit
f:  *(u64 *)(r10 -256) = 0
    r0 = 0
    exit
