; The program ends with the lock still taken.
; type: sched_cls
; struct val 8: lock bpf_spin_lock 0, x int 4
; map m: array 4 8 1 0 val
; rejected EINVAL: BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r0 = 0
    exit
