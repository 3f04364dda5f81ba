; A callback returns the address of a map's value.
; map m: array 4 8 1
; rejected EACCES: R0 not a scalar value
    r1 = 10
    r2 = subprog[body]
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
body:
    r0 = map[fd:0][0]+0
    exit
