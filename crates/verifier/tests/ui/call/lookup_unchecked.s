; A value that may be null is loaded from.
; map m: hash 4 8 16
; rejected EACCES: R0 invalid mem access 'map_value_or_null'
; insns: 6
    r2 = r10
    r2 += -8
    *(u64 *)(r2 +0) = 0
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    r0 = *(u64 *)(r0 +0)
    exit
