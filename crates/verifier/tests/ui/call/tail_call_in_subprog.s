; A tail call that fails goes on; one that works returns to the caller.
; map j: prog_array 4 4 4
; accepted
; insns: 10
    call f
    r0 = 0
    exit
f:  r2 = map[fd:0]
    r3 = 1
    call bpf_tail_call#12
    r0 = 0
    exit
