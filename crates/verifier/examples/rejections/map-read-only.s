; A map that programs only read is updated.
; map m: array 4 8 1 128
; rejected EACCES: write into map forbidden
    *(u32 *)(r10 -4) = 0
    *(u64 *)(r10 -16) = 0
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r4 = 0
    r1 = map[fd:0]
    call bpf_map_update_elem#2
    r0 = 0
    exit
