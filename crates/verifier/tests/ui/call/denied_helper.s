; A helper of another program type.
; rejected EINVAL: program of this type cannot use helper bpf_redirect#23
; insns: 1
    call bpf_redirect#23
    exit
