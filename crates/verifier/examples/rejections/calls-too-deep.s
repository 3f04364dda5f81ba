; Functions call one another eight deep, in code that no path reaches.
; rejected E2BIG: the call stack of 8 frames is too deep !
    r0 = 0
    if r0 == 0 goto out
    call f1
out:
    exit
f1:
    call f2
    exit
f2:
    call f3
    exit
f3:
    call f4
    exit
f4:
    call f5
    exit
f5:
    call f6
    exit
f6:
    call f7
    exit
f7:
    call f8
    exit
f8:
    r0 = 0
    exit
