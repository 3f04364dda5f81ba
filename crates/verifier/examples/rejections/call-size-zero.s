; The size that is passed may be zero.
; type: tracepoint
; rejected EACCES: R2 invalid zero-sized read: u64=[0,7]
    r2 = *(u64 *)(r1 +8)
    r2 &= 7
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -8
    call bpf_get_current_comm#16
    r0 = 0
    exit
