; A program calls 257 different functions of the kernel.
; rejected E2BIG: too many different kernel function calls
    kcalls 257 __x64_sys_
    r0 = 0
    exit
