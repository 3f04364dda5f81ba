; What was taken off the front of a list is forgotten.
; type: sched_cls
; struct node 32: ln bpf_list_node 0, d int 24
; struct val 24: lock bpf_spin_lock 0, head list_of:node.ln 8
; map m: array 4 24 1 0 val
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:0]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_spin_lock#93
    r1 = r6
    r1 += 8
    kcall bpf_list_pop_front
    r7 = r0
    r1 = r6
    call bpf_spin_unlock#94
out:
    r0 = 0
    exit
