; A ring buffer has no elements to walk.
; map rb: ringbuf 0 0 4096
; rejected ENOTSUPP: callback function not allowed for map
    r1 = map[fd:0]
    r2 = subprog[each]
    r3 = 0
    r4 = 0
    call bpf_for_each_map_elem#164
    r0 = 0
    exit
each:
    r0 = 0
    exit
