; The pointer leads to the lock, and the list lies behind it.
; type: sched_cls
; struct node 24: ln bpf_list_node 0
; struct val 24: lock bpf_spin_lock 0, head list_of:node.ln 8
; map m: array 4 24 1 0 val
; rejected EINVAL: bpf_list_head not found at offset=0
    r1 = map[fd:0][0]+0
    kcall bpf_list_pop_front
    r0 = 0
    exit
