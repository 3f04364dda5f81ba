; A function without types makes a tail call.
; type: sched_cls
; no btf
; map jumps: prog_array 4 4 1
; rejected EINVAL: tail_call is not allowed in subprogs without BTF
    call f
    exit
f:
    r2 = map[fd:0]
    r3 = 0
    call bpf_tail_call#12
    r0 = 0
    exit
