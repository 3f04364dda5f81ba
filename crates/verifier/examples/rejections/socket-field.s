; Two bytes are read from the middle of a field that can only be read from its start.
; type: sched_cls
; rejected EACCES: R1 invalid sock_common access off=6 size=2
    r1 = *(u64 *)(r1 +168)
    if r1 == 0 goto out
    r0 = *(u16 *)(r1 +6)
out:
    r0 = 0
    exit
