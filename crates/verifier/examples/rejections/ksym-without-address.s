; A kernel that was built without CONFIG_KALLSYMS_ALL does not know where its variables lie.
; config: CONFIG_KALLSYMS_ALL=n
; rejected ENOENT: ldimm64 failed to find the address for kernel symbol 'runqueues'.
    r1 = ksym:runqueues
    r0 = 0
    exit
