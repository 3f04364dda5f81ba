; Two frames need 512 bytes.
; accepted
    *(u64 *)(r10 -256) = 0
    call f
    exit
f:  *(u64 *)(r10 -256) = 0
    r0 = 0
    exit
