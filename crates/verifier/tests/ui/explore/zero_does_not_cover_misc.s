; Zeros, which the path that is walked first has, do not cover data of unknown value, which leads out of the stack.
; rejected EINVAL: invalid variable-offset read from stack R2 var_off=(0x0; 0xff) off=-16 size=1
; insns: 42
    call 7
    *(u64 *)(r10 -16) = r0
    *(u64 *)(r10 -8) = r0
    *(u8 *)(r10 -8) = r0
    call 7
    if r0 > 5 goto a
    *(u8 *)(r10 -8) = 0
a:  call 7
    r1 = 1
    r1 = 2
    r1 = 3
    if r0 > 6 goto b
    r1 = 4
b:  r1 = 5
    r1 = 6
    r1 = *(u8 *)(r10 -8)
    r2 = r10
    r2 += -16
    r2 += r1
    r0 = *(u8 *)(r2 +0)
    exit
