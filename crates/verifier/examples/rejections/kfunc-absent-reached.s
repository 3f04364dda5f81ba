; A call of a weak kernel function that the kernel lacks is reached.
; rejected EINVAL: invalid kernel function call not eliminated in verifier pass
    call kernel-function#0
    r0 = 0
    exit
