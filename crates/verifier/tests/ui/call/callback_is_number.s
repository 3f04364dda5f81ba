; A number is passed as a callback.
; rejected EACCES: R2 type=scalar expected=func
; insns: 5
    r1 = 10
    r2 = 0
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
