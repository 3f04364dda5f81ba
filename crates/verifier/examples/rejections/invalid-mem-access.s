; A pointer that may be null is used without a check.
; map m: hash 4 8 1
; rejected EACCES: R0 invalid mem access 'map_value_or_null'
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    r0 = *(u64 *)(r0 +0)
    exit
