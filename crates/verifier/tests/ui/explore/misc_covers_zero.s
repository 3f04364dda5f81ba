; Data of unknown value, which the path that is walked first has, covers zeros.
; accepted
; insns: 25
    *(u64 *)(r10 -8) = 0
    call 7
    if r0 > 5 goto a
    *(u8 *)(r10 -6) = r0
a:  call 7
    r1 = 1
    r1 = 2
    r1 = 3
    if r0 > 6 goto b
    r1 = 4
b:  r1 = 5
    r1 = 6
    r1 = *(u16 *)(r10 -6)
    r0 = 0
    exit
