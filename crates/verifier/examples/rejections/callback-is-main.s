; The program itself is passed as a callback.
; kernel: 6.12
; func main: int (ctx ptr:__sk_buff)
; rejected EINVAL: callback function cannot be the main program
main:
    r1 = 10
    r2 = subprog[main]
    r3 = 0
    r4 = 0
    call bpf_loop#181
    r0 = 0
    exit
