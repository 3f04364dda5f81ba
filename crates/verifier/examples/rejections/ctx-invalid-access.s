; A program reads beyond its context.
; type: xdp
; rejected EACCES: invalid bpf_context access off=400 size=4
    r0 = *(u32 *)(r1 +400)
    exit
