; A program that may sleep attaches to a function that must not.
; type: tracing
; attach: trace_fentry
; sleepable
; target: vfs_read
; not asked: the kernel of the tests lets no program attach to functions
; rejected EINVAL: vfs_read is not sleepable
    r0 = 0
    exit
