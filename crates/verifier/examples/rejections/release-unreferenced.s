; A record that a copy has given up already is a number; what is given up here is the packet's socket.
; type: sched_cls
; rejected EINVAL: R1 must be referenced when passed to release function
    r1 = *(u64 *)(r1 +168)
    if r1 == 0 goto out
    call bpf_sk_release#86
out:
    r0 = 0
    exit
