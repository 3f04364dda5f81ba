; An atomic operation works on the stack at an index that is not constant.
; type: tracepoint
; rejected EACCES: variable offset stack pointer cannot be passed into helper function; var_off=(0x0; 0x8) off=-16 size=8
    r2 = *(u64 *)(r1 +8)
    r2 &= 8
    *(u64 *)(r10 -8) = 0
    *(u64 *)(r10 -16) = 0
    r1 = r10
    r1 += -16
    r1 += r2
    lock *(u64 *)(r1 +0) += r2
    r0 = 0
    exit
