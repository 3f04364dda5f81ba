; The lock of an object that the program allocated is written to.
; type: sched_cls
; struct locked 16: lock bpf_spin_lock 0, x u64 8
; rejected EACCES: direct access to bpf_spin_lock is disallowed
    r1 = type:locked
    r2 = 0
    kcall bpf_obj_new_impl
    if r0 == 0 goto out
    *(u32 *)(r0 +0) = 0
out:
    r0 = 0
    exit
