; The file descriptor of a module's types is none.
; rejected EINVAL: invalid module BTF object FD specified.
    r1 = btf[fd:2147483647][id:1]
    r0 = 0
    exit
