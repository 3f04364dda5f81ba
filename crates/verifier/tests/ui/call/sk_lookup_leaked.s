; A socket that was looked up is not released.
; type: sched_cls
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
; insns: 16
    r2 = r10
    r2 += -48
    *(u64 *)(r10 -8) = 0
    *(u64 *)(r10 -16) = 0
    *(u64 *)(r10 -24) = 0
    *(u64 *)(r10 -32) = 0
    *(u64 *)(r10 -40) = 0
    *(u64 *)(r10 -48) = 0
    r3 = 12
    r4 = 0
    r5 = 0
    call bpf_sk_lookup_tcp#84
    if r0 == 0 goto out
    r0 = *(u32 *)(r0 +4)
out: r0 = 0
    exit
