; Which map is walked depends on the path.
; kernel: 6.1
; map a: array 4 8 4
; map b: array 4 8 8
; rejected EINVAL: tail_call abusing map_ptr
    call bpf_get_prandom_u32#7
    r1 = map[fd:0]
    if r0 == 0 goto walk
    r1 = map[fd:1]
walk:
    r2 = subprog[each]
    r3 = 0
    r4 = 0
    call bpf_for_each_map_elem#164
    r0 = 0
    exit
each:
    r0 = 0
    exit
