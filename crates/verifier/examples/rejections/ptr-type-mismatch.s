; One load reads the context on one path and a map's value on the other.
; type: sched_cls
; map m: array 4 8 1
; rejected EINVAL: same insn cannot be used with different pointers
    r2 = *(u32 *)(r1 +0)
    if r2 == 0 goto read
    r1 = map[fd:0][0]+0
read:
    r0 = *(u32 *)(r1 +0)
    exit
