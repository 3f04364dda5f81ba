; The work queue is to run a function, and is given a number.
; type: sched_cls
; struct val 16: w bpf_wq 0
; map m: array 4 16 1 0 val
; rejected EINVAL: arg1 expected pointer to func
    r1 = map[fd:0][0]+0
    r2 = 1
    r3 = 0
    r4 = 0
    kcall bpf_wq_set_callback_impl
    r0 = 0
    exit
