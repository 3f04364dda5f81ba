; A callback runs any number of times.
; accepted
; insns: 10
    r1 = 10
    r2 = subprog[body]
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
body: r0 = 0
    exit
