; A number to which a function's frame pointer is added points into the frame of the main program.
; rejected EINVAL: cannot spill pointers to stack into stack frame of the caller
    call below
    r0 = 0
    exit
below:
    r1 = -8
    r1 += r10
    *(u64 *)(r1 +0) = r10
    r0 = *(u32 *)(r10 -8)
    exit
