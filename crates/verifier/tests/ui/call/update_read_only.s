; A map that programs may only read is written.
; map m: hash 4 8 16 128
; rejected EACCES: write into map forbidden
; insns: 7
    r2 = r10
    r2 += -8
    *(u64 *)(r2 +0) = 0
    r3 = r2
    r4 = 0
    r1 = map[fd:0]
    call bpf_map_update_elem#2
    r0 = 0
    exit
