; Which bytes are taken for the timer depends on the packet.
; type: sched_cls
; struct val 24: x u64 0, t bpf_timer 8
; map m: array 4 24 1 0 val
; rejected EINVAL: R1 doesn't have constant offset. bpf_timer has to be at the constant offset
    r2 = *(u32 *)(r1 +0)
    r2 &= 8
    r1 = map[fd:0][0]+0
    r1 += r2
    r2 = 1
    r3 = 0
    call bpf_timer_start#171
    r0 = 0
    exit
