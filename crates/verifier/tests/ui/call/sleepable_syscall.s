; A helper that sleeps, in a program that may.
; type: syscall
; sleepable
; accepted
; insns: 7
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call bpf_copy_from_user#148
    r0 = 0
    exit
