; A tracing program uses a map whose values hold a list.
; type: kprobe
; struct node 32: ln bpf_list_node 0, d u64 24
; struct val 24: lock bpf_spin_lock 0, head list_of:node.ln 8
; map m: array 4 24 1 0 val
; rejected EINVAL: tracing progs cannot use bpf_{list_head,rb_root} yet
    r1 = map[fd:0]
    r0 = 0
    exit
