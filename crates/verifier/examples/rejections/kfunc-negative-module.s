; The place of a module among the descriptors is negative.
; rejected EINVAL: failed to find BTF for kernel function
    .insn code=0x85 src=2 off=-1 imm=1
    r0 = 0
    exit
