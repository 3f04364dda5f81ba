; On a little-endian machine le64 changes nothing: what is learnt of the register is learnt of its copy.
; accepted
    call bpf_get_prandom_u32#7
    r6 = r0
    r6 = le64 r6
    if r6 > 10 goto out
    if r0 <= 10 goto out
    r0 = r7
out:
    r0 = 0
    exit
