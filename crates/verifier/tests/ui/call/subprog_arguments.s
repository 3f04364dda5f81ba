; A function sees its arguments and nothing else.
; rejected EACCES: R6 !read_ok
; insns: 5
    r1 = 7
    r6 = 8
    call f
    exit
f:  r0 = r1
    r0 += r6
    exit
