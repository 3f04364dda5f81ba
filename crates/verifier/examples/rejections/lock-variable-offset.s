; Which bytes are taken for the lock depends on the packet.
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: R1 doesn't have constant offset. bpf_spin_lock has to be at the constant offset
    r2 = *(u32 *)(r1 +0)
    r2 &= 4
    r1 = map[fd:0][0]+0
    r1 += r2
    call bpf_spin_lock#93
    r0 = 0
    exit
