; Which bytes are taken for the list depends on the packet.
; type: sched_cls
; struct node 24: ln bpf_list_node 0
; struct val 24: lock bpf_spin_lock 0, head list_of:node.ln 8
; map m: array 4 24 1 0 val
; rejected EINVAL: R1 doesn't have constant offset. bpf_list_head has to be at the constant offset
    r2 = *(u32 *)(r1 +0)
    r2 &= 8
    r1 = map[fd:0][0]+0
    r1 += r2
    kcall bpf_list_pop_front
    r0 = 0
    exit
