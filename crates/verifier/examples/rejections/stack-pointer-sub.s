; A number is subtracted from a pointer to the stack.
; rejected EACCES: R1 subtraction from stack pointer prohibited
    r1 = r10
    r1 -= 8
    r0 = 0
    exit
