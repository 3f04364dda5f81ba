; R6 to R9 survive a call.
; accepted
; insns: 4
    r6 = 0
    call bpf_ktime_get_ns#5
    r0 = r6
    exit
