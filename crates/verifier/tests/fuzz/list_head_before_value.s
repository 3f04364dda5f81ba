; The offset of a list head is printed unsigned. skep said: bpf_list_head not found at offset=-32768.
; type: xdp
; struct node 72: key long 0, l bpf_list_node 8, r bpf_rb_node 32, count bpf_refcount 64
; struct graph 48: lock bpf_spin_lock 0, head list_of:node.l 8, root tree_of:node.r 24
; map graph: array 4 48 4 0x0 graph
; func main: int (ctx long)
; rejected EINVAL: bpf_list_head not found at offset=4294934528
    r1 = map[fd:0]
    r2 = r10
    r2 += -12
    call bpf_map_lookup_elem#1
    r9 = r0
    if r9 == 0x0 goto l10
    r1 = r9
    r1 += -32768
    kcall bpf_list_push_front_impl
l10:
    exit
