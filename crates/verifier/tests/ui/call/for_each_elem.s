; A callback is given map, key, value and its own pointer.
; map m: hash 4 8 16
; accepted
; insns: 23
    r1 = map[fd:0]
    r2 = subprog[body]
    r3 = r10
    r3 += -8
    *(u64 *)(r3 +0) = 0
    r4 = 0
    call bpf_for_each_map_elem#164
    r0 = 0
    exit
body: r0 = *(u32 *)(r2 +0)
    r1 = *(u64 *)(r3 +0)
    *(u64 *)(r4 +0) = r1
    r0 = 0
    exit
