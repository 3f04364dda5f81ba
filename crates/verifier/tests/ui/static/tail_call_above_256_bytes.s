; A function makes a tail call above 256 bytes of stack.
; type: sched_cls
; map progs: prog_array 4 4 2
; rejected EACCES: tail_calls are not allowed when call stack of previous frames is 256 bytes. Too large
    *(u64 *)(r10 -256) = 0
    call f
    exit
f:  r2 = map[fd:0]
    r3 = 0
    call bpf_tail_call#12
    r0 = 0
    exit
