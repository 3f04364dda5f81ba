; A variable on the stack is put into the list.
; type: sched_cls
; struct node 24: ln bpf_list_node 0
; struct val 24: lock bpf_spin_lock 0, head list_of:node.ln 8
; map m: array 4 24 1 0 val
; rejected EINVAL: arg#1 expected pointer to allocated object
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r1 = map[fd:0][0]+8
    r2 = r10
    r2 += -24
    r3 = 0
    r4 = 0
    kcall bpf_list_push_front_impl
    r0 = 0
    exit
