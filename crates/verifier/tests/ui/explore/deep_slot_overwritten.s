; A slot beyond the 32nd is overwritten on several paths before it is read.
; accepted
; insns: 27
    *(u64 *)(r10 -400) = r10
    call 7
    if r0 > 5 goto a
    *(u64 *)(r10 -400) = 7
a:  call 7
    r1 = 1
    r1 = 2
    r1 = 3
    if r0 > 6 goto b
    r1 = 4
b:  r1 = 5
    r1 = 6
    *(u64 *)(r10 -400) = r1
    r1 = *(u64 *)(r10 -400)
    r0 = 0
    exit
