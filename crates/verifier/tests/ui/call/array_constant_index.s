; An index that an array has needs no comparison with null.
; map a: array 4 8 4
; rejected EACCES: R0 invalid mem access 'map_value_or_null'
; insns: 6
    r2 = r10
    r2 += -4
    *(u32 *)(r2 +0) = 3
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    r0 = *(u64 *)(r0 +0)
    exit
