; A socket filter is loaded as a program that may sleep.
; sleepable
; rejected EINVAL: Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable
    r0 = 0
    exit
