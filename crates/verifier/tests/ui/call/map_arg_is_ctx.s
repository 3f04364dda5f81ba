; The context is passed where a map is expected.
; map m: hash 4 8 16
; rejected EACCES: R1 type=ctx expected=map_ptr
; insns: 4
    r2 = r10
    r2 += -8
    *(u64 *)(r2 +0) = 0
    call bpf_map_lookup_elem#1
    r0 = 0
    exit
