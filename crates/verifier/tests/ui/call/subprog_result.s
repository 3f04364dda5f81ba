; A function's result is the caller's R0; R1 is gone.
; rejected EACCES: R1 !read_ok
; insns: 5
    r1 = 7
    call f
    r0 = r1
    exit
f:  r0 = r1
    exit
