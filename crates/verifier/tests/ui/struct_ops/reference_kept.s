; A queue is given a packet to keep, and forgets it.
; type: struct_ops
; struct_ops: Qdisc_ops.enqueue
; not asked: the kernel of the tests is built without queueing disciplines in BPF (CONFIG_NET_SCH_BPF)
; rejected EINVAL: BPF_EXIT instruction in main prog would lead to reference leak
    r0 = 0
    exit
