; A socket that nobody acquired is released.
; type: sched_cls
; rejected EINVAL: R1 must be referenced when passed to release function
; insns: 3
    r1 = *(u64 *)(r1 +168)
    if r1 == 0 goto out
    call bpf_sk_release#86
out: r0 = 0
    exit
