; A program of type syscall is not sleepable.
; type: syscall
; rejected EINVAL: Syscall programs can only be sleepable
    r0 = 0
    exit
