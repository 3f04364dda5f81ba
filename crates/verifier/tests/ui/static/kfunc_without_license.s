; A program without a GPL-compatible licence calls a kfunc.
; license: none
; rejected EINVAL: cannot call kernel function from non-GPL compatible program
    r0 = 0
    call kernel-function#1
    exit
