; A global function returns the context.
; func main: int (ctx ptr:__sk_buff)
; func g: global int (ctx ptr:__sk_buff)
; rejected EINVAL: At subprogram exit the register R0 is not a scalar value (ctx)
    call g
    r0 = 0
    exit
g:  r0 = r1
    exit
