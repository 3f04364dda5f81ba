; A number is passed where a map is expected.
; rejected EACCES: R1 type=scalar expected=map_ptr
    r2 = r10
    r2 += -8
    *(u64 *)(r2 +0) = 0
    r1 = 1
    call bpf_map_lookup_elem#1
    r0 = 0
    exit
