; A queue drops a packet, and asks its context for it again.
; type: struct_ops
; struct_ops: Qdisc_ops.enqueue
; not asked: the kernel of the tests is built without queueing disciplines in BPF (CONFIG_NET_SCH_BPF)
; rejected EACCES: invalid bpf_context access off=0. Reference may already be released
    r6 = r1
    r7 = *(u64 *)(r6 +16)
    r1 = *(u64 *)(r6 +0)
    r2 = r7
    kcall bpf_qdisc_skb_drop
    r1 = *(u64 *)(r6 +0)
    r0 = 1
    exit
