; A dynptr on the stack is read as if it were a number.
; type: sched_cls
; rejected EACCES: invalid read from stack off -8+0 size 8
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r0 = *(u64 *)(r10 -8)
    r0 = 0
    exit
