; On one path two numbers are copies, on the other they are not: the first does not cover the second.
; rejected EACCES: invalid unbounded variable-offset read from stack R2
; insns: 22
    *(u64 *)(r10 -8) = 0
    call 7
    r6 = r0
    r7 = r0
    call 7
    if r0 > 5 goto a
    call 7
    r7 = r0
a:  call 7
    r1 = 1
    r1 = 2
    r1 = 3
    if r0 > 6 goto b
    r1 = 4
b:  r1 = 5
    r1 = 6
    if r6 > 7 goto out
    w7 = w7
    r2 = r10
    r2 += -8
    r2 += r7
    r0 = *(u8 *)(r2 +0)
out: r0 = 0
    exit
