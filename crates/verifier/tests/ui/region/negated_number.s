; A negated number is no longer the one that it was: what is learnt of it tells nothing of the other.
; rejected EACCES: R7 !read_ok
    call bpf_get_prandom_u32#7
    r6 = r0
    r6 = -r6
    if r6 s> 0xfffffffe goto out
    if r0 >= 0x10000 goto out
    r0 = r7
out:
    r0 = 0
    exit
