; Arguments do not survive a call.
; rejected EACCES: R1 !read_ok
; insns: 3
    r6 = 0
    call bpf_ktime_get_ns#5
    r0 = r1
    exit
