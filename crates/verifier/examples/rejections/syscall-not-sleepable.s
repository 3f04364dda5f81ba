; A program of type syscall is loaded without the flag that it may sleep.
; type: syscall
; rejected EINVAL: Syscall programs can only be sleepable
    r0 = 0
    exit
