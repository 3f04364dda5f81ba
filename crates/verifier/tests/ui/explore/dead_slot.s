; Slots that differ are not read later: one state covers the other.
; accepted
; insns: 23
    *(u64 *)(r10 -8) = r10
    call 7
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
    r0 = 0
    exit
