; Nothing says what the bytes of the map's value are.
; type: sched_cls
; map m: array 4 8 1
; rejected EINVAL: map 'm' has to have BTF in order to use bpf_spin_lock
    r1 = map[fd:0][0]+0
    call bpf_spin_lock#93
    r0 = 0
    exit
