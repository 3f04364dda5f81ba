; The kernel's own variable is written to.
; type: sched_cls
; rejected EACCES: R1 cannot write into rdonly_mem
    r1 = ksym:vfs_read
    *(u32 *)(r1 +0) = 0
    r0 = 0
    exit
