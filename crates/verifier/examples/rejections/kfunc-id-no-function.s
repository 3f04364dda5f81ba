; A call names a struct of the kernel's where a function should be.
; rejected EINVAL: kernel btf_id 1 is not a function
    call kernel-function#1
    r0 = 0
    exit
