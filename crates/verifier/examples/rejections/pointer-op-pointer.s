; Two pointers are added.
; rejected EACCES: R0 pointer += pointer prohibited
    r0 = r10
    r0 += r1
    exit
