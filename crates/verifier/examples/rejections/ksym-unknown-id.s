; The number of a kernel variable is not one of the kernel's types.
; rejected ENOENT: ldimm64 insn specifies invalid btf_id 99999999.
    r1 = btf[fd:0][id:99999999]
    r0 = 0
    exit
