; Something is added to a pointer that may be null.
; map m: hash 4 8 1
; rejected EACCES: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    r0 += 4
    r0 = 0
    exit
