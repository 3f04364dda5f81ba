; Both sides of a branch meet: the number that they set differently decides nothing, so one of them covers the other.
; accepted
; insns: 23
    r7 = 1
    call 7
    if r0 > 5 goto a
    r7 = 2
a:  call 7
    r1 = 1
    r1 = 2
    r1 = 3
    if r0 > 6 goto b
    r1 = 4
b:  r1 = 5
    r1 = 6
    r0 = r7
    exit
