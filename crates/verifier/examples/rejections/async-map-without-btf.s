; Nothing says what the bytes of the map's value are.
; type: sched_cls
; map m: array 4 16 1
; rejected EINVAL: map 'm' has to have BTF in order to use bpf_timer
    r1 = map[fd:0][0]+0
    r2 = 1
    r3 = 0
    call bpf_timer_start#171
    r0 = 0
    exit
