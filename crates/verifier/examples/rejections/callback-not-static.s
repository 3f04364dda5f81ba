; A global function is passed as a callback.
; func main: int (ctx ptr:__sk_buff)
; func f: global int (i u64, c u64)
; rejected EINVAL: callback function not static
    r1 = 10
    r2 = subprog[f]
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
f:
    r0 = 0
    exit
