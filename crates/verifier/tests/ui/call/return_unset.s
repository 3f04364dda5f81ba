; The program leaves R0 unset.
; rejected EACCES: R0 !read_ok
; insns: 1
    exit
