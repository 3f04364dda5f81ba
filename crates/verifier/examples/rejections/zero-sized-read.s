; Before Linux 6.8, a size that may be zero is refused where the stack is passed.
; type: tracepoint
; kernel: 6.1
; rejected EACCES: invalid zero-sized read
    r2 = *(u64 *)(r1 +8)
    r2 &= 7
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -8
    call bpf_get_current_comm#16
    r0 = 0
    exit
