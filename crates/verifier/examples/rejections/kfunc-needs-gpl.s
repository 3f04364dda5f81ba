; A program without a GPL-compatible licence calls a kernel function.
; license: none
; rejected EINVAL: cannot call kernel function from non-GPL compatible program
    kcall bpf_rdonly_cast
    r0 = 0
    exit
