; User memory is copied by a program that may not wait for it.
; type: perf_event
; rejected EINVAL: helper call might sleep in a non-sleepable prog
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call bpf_copy_from_user#148
    r0 = 0
    exit
