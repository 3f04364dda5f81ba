; A tail call is made while a reference is held.
; map rb: ringbuf 0 0 4096
; map j: prog_array 4 4 4
; rejected EINVAL: tail_call would lead to reference leak
; insns: 10
    r6 = r1
    r1 = map[fd:0]
    r2 = 16
    r3 = 0
    call bpf_ringbuf_reserve#131
    if r0 == 0 goto out
    r1 = r6
    r2 = map[fd:1]
    r3 = 1
    call bpf_tail_call#12
out: r0 = 0
    exit
