; The compiler puts such a call where the program reads a variable that was never set.
; rejected EFAULT: unexpected __bpf_trap() due to uninitialized variable?
    kcall __bpf_trap
    exit
