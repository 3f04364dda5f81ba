; Eight bytes of the stack are written at an address that is no multiple of eight.
; rejected EACCES: misaligned stack access off 0+0+-12 size 8
    *(u64 *)(r10 -12) = 0
    r0 = 0
    exit
