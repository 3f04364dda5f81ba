; The stack is read at an index that may reach its end.
; type: tracepoint
; rejected EINVAL: invalid variable-offset read from stack R1 var_off=(0x0; 0xf) off=-8 size=1
    *(u64 *)(r10 -8) = 0
    r2 = *(u64 *)(r1 +8)
    r2 &= 15
    r1 = r10
    r1 += -8
    r1 += r2
    r0 = *(u8 *)(r1 +0)
    r0 = 0
    exit
