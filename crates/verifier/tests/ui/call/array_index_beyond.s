; An index beyond an array finds nothing.
; map a: array 4 8 4
; rejected EACCES: R0 invalid mem access 'map_value_or_null'
; insns: 6
    r2 = r10
    r2 += -8
    *(u32 *)(r2 +0) = 4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    r0 = *(u64 *)(r0 +0)
    exit
