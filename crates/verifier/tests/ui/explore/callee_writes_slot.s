; A function overwrites its caller's slot on every path, so what was there before the call is dead.
; accepted
; insns: 36
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
    r1 = r10
    r1 += -8
    call fill
    r0 = *(u64 *)(r10 -8)
    exit
fill: r2 = 1
    *(u64 *)(r1 +0) = r2
    r0 = 0
    exit
