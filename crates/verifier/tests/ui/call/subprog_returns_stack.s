; A function returns a pointer to its stack.
; rejected EINVAL: cannot return stack pointer to the caller
; insns: 3
    call f
    r0 = 0
    exit
f:  r0 = r10
    exit
