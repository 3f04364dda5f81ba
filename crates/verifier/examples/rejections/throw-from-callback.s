; A callback throws an exception.
; type: sched_cls
; func main: int (ctx ptr:__sk_buff)
; func looped: int (i u64, p ptr:void)
; rejected EINVAL: bpf_throw kfunc (insn 11) cannot be called from callback subprog 1
    r1 = 10
    r2 = subprog[looped]
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
looped:
    r0 = 0
    if r0 == 0 goto out
    r1 = 1
    kcall bpf_throw
out:
    exit
