; The size that is passed may be any positive number.
; type: tracepoint
; rejected EACCES: R2 unbounded memory access, use 'var &= const' or 'if (var < const)'
    r2 = *(u64 *)(r1 +8)
    if r2 s< 1 goto out
    r1 = r10
    r1 += -8
    call bpf_get_current_comm#16
out:
    r0 = 0
    exit
