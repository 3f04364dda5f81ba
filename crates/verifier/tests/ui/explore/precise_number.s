; The same where the number becomes an offset: both are walked.
; accepted
; insns: 42
    r7 = -8
    *(u64 *)(r10 -8) = 0
    *(u64 *)(r10 -16) = 0
    call 7
    if r0 > 5 goto a
    r7 = -16
a:  call 7
    r1 = 1
    r1 = 2
    r1 = 3
    if r0 > 6 goto b
    r1 = 4
b:  r1 = 5
    r1 = 6
    r2 = r10
    r2 += r7
    r0 = *(u64 *)(r2 +0)
    exit
