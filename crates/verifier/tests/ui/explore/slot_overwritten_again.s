; A slot is overwritten in every round of a loop, then read.
; accepted
; insns: 122
    r6 = 0
    *(u64 *)(r10 -8) = r10
loop: call 7
    if r0 > 5 goto a
    *(u64 *)(r10 -8) = 7
a:  call 7
    r1 = 1
    r1 = 2
    r1 = 3
    if r0 > 6 goto b
    r1 = 4
b:  r1 = 5
    r1 = 6
    *(u64 *)(r10 -8) = r6
    r1 = *(u64 *)(r10 -8)
    r6 += 1
    if r6 < 4 goto loop
    r0 = 0
    exit
