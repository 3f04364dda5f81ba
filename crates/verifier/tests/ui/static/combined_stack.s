; Two frames need more than 512 bytes.
; rejected EACCES: combined stack size of 2 calls is 528. Too large
    *(u64 *)(r10 -272) = 0
    call f
    exit
f:  *(u64 *)(r10 -256) = 0
    r0 = 0
    exit
