; A register is read that nothing was written to.
; rejected EACCES: R2 !read_ok
    r0 = r2
    exit
