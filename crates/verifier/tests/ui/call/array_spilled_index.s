; A constant index in a spilled register counts too.
; map a: array 4 8 4
; accepted
; insns: 8
    r6 = 2
    *(u32 *)(r10 -8) = r6
    r2 = r10
    r2 += -8
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    r0 = *(u64 *)(r0 +0)
    exit
