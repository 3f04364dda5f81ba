; A callback returns a pointer to a map.
; map m: hash 4 8 16
; rejected EACCES: R3 type=map_ptr expected=fp
; insns: 5
    r1 = 10
    r2 = subprog[body]
    r3 = map[fd:0]
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
body: r0 = r2
    exit
