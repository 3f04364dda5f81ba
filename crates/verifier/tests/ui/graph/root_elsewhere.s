; The stack holds no lists.
; type: sched_cls
; struct node 32: ln bpf_list_node 0, d int 24
; struct other 40: d int 0, ln bpf_list_node 8
; struct val 24: lock bpf_spin_lock 0, head list_of:node.ln 8
; map m: array 4 24 1 0 val
; rejected EINVAL: arg#0 expected pointer to map value or allocated object
    r1 = r10
    r1 += -16
    kcall bpf_list_pop_front
    r0 = 0
    exit
