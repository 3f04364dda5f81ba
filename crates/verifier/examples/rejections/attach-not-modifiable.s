; A program changes the result of a function that does not allow it.
; type: tracing
; attach: modify_return
; target: vfs_read
; not asked: the kernel of the tests lets no program attach to functions
; rejected EINVAL: vfs_read() is not modifiable
    r0 = 0
    exit
