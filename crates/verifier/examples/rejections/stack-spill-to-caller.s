; A function stores a pointer to its own stack in its caller's.
; rejected EINVAL: cannot spill pointers to stack into stack frame of the caller
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -8
    call f
    r0 = 0
    exit
f:
    *(u64 *)(r1 +0) = r10
    r0 = 0
    exit
