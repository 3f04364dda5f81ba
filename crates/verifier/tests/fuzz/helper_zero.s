; Number 0 is one that the kernel knows, and that no program may call. skep said: invalid func unknown#0.
; type: syscall
; sleepable
; rejected EINVAL: program of this type cannot use helper bpf_unspec#0
    call unknown#0
    exit
