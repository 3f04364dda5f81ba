; An iterator that begins must end.
; type: tracepoint
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
    *(u64 *)(r10 -24) = 5
    r1 = r10
    r1 += -16
    r2 = r10
    r2 += -24
    r3 = 1
    kcall bpf_iter_bits_new
    r0 = 0
    exit
