; A tail call anywhere keeps all functions on one stack.
; type: perf_event
; map progs: prog_array 4 4 2
; rejected EACCES: combined stack size of 2 calls is 768. Too large
    r6 = r1
    *(u64 *)(r10 -512) = 0
    call f
    r1 = r6
    r2 = map[fd:0]
    r3 = 0
    call bpf_tail_call#12
    r0 = 0
    exit
f:  *(u64 *)(r10 -256) = 0
    r0 = 0
    exit
