; The lock is released with the interrupt state that bpf_local_irq_save() saved, not with its own.
; type: sched_cls
; struct val 8: lock bpf_res_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: irq flag acquired by native kfuncs cannot be restored with lock kfuncs
    r1 = r10
    r1 += -8
    kcall bpf_local_irq_save
    r1 = map[fd:0][0]+0
    r2 = r10
    r2 += -16
    kcall bpf_res_spin_lock_irqsave
    if r0 != 0 goto out
    r1 = map[fd:0][0]+0
    r2 = r10
    r2 += -8
    kcall bpf_res_spin_unlock_irqrestore
out:
    r0 = 0
    exit
