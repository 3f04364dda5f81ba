; A scheduler writes to a field of a task that it may not change.
; type: struct_ops
; struct_ops: sched_ext_ops.enqueue
; not asked: the kernel of the tests has no schedulers in BPF
; rejected EACCES: 1: (7a) *(u64 *)(r1 +0) = 0
    r1 = *(u64 *)(r1 +0)
    *(u64 *)(r1 +0) = 0
    r0 = 0
    exit
