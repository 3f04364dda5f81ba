; The size that is passed may be negative.
; type: tracepoint
; rejected EACCES: R2 min value is negative, either use unsigned or 'var &= const'
    r2 = *(u64 *)(r1 +8)
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -8
    if r2 s> 8 goto out
    call bpf_get_current_comm#16
out:
    r0 = 0
    exit
