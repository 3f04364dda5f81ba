; A callback returns a pointer.
; rejected EINVAL: cannot return stack pointer to the caller
; insns: 9
    r1 = 10
    r2 = subprog[body]
    r3 = r10
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
body: r0 = r2
    exit
