; An argument was never set.
; map m: hash 4 8 16
; rejected EACCES: R2 !read_ok
; insns: 2
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    r0 = 0
    exit
