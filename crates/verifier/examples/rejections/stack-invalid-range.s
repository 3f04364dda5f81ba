; A dynptr on the stack is passed as a key.
; type: sched_cls
; map m: hash 16 8 1
; rejected EACCES: invalid read from stack R2 off -16+0 size 16
    r2 = 0
    r3 = r10
    r3 += -16
    kcall bpf_dynptr_from_skb
    r1 = map[fd:0]
    r2 = r10
    r2 += -16
    call bpf_map_lookup_elem#1
    r0 = 0
    exit
