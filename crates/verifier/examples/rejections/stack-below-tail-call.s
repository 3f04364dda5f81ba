; A function makes a tail call while its caller holds more than 256 bytes of stack.
; type: sched_cls
; map jumps: prog_array 4 4 1
; rejected EACCES: tail_calls are not allowed when call stack of previous frames is 304 bytes. Too large
    *(u64 *)(r10 -304) = 0
    call inner
    r0 = 0
    exit
inner:
    r2 = map[fd:0]
    r3 = 0
    call bpf_tail_call#12
    r0 = 0
    exit
