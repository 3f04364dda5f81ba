; The address of a function is taken where nothing uses it: the kernel removes the function, which no path runs.
; func main: int (ctx ptr:__sk_buff)
; func one: int ()
; func two: int ()
; rejected EFAULT: verifier bug: No program to jit at insn 7 (subprog < 0)
    call one
    r1 = subprog[two]
    r0 = 0
    exit
one:
    r0 = 0
    exit
two:
    r0 = 0
    exit
