; A program asks for a copy of a socket map's value.
; type: sched_cls
; map s: sockmap 4 4 4
; rejected EINVAL: invalid arg_type for sockmap/sockhash
    r2 = r10
    r2 += -8
    r1 = map[fd:0]
    call bpf_map_pop_elem#88
    r0 = 0
    exit
