; A value is loaded from after the comparison with null.
; map m: hash 4 8 16
; accepted
; insns: 9
    r2 = r10
    r2 += -8
    *(u64 *)(r2 +0) = 0
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 +0)
out: exit
