; A copy whose low half was added to is not bounded by a check of the low half of the number that it comes from.
; type: socket_filter
; rejected EACCES: invalid unbounded variable-offset write to stack R2
    call bpf_get_prandom_u32#7
    r1 = r0
    w1 += 1
    if w0 > 0x7 goto out
    r2 = r10
    r2 += -16
    r2 += r1
    *(u8 *)(r2 +0) = 1
out:
    r0 = 0
    exit
