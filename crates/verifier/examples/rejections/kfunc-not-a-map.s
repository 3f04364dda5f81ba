; A work queue is set up with the map that it lies in, not with a pointer to the stack.
; type: sched_cls
; struct val 16: w bpf_wq 0
; map m: array 4 16 1 0 val
; rejected EINVAL: pointer in R2 isn't map pointer
    r1 = map[fd:0][0]+0
    r2 = r10
    r3 = 0
    kcall bpf_wq_init
    r0 = 0
    exit
